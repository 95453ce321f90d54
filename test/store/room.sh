#!/bin/sh
# Run by sqlite.test.ts where it may mount: room.sh <folder> <node>. Sells, with room, on a full disk, with room again, and on a disk that can't be written.
sell="$2 $(dirname "$0")/room.ts $1"
mount -t tmpfs -o size=2m tmpfs "$1"
$sell
dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
$sell
$sell
rm "$1/filler"
$sell close
dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
$sell close
rm "$1/filler"
$sell
mount -o remount,ro "$1"
$sell
umount "$1"
