#!/bin/sh
# Run by sqlite.test.ts where it may mount: takes a journal in on disks of several sizes, then again with room enough.
# full-disk.sh <folder> <journal's folder> <node>
count="$(dirname "$0")/count.ts"
for size in 280 360 420 480 560 640; do
  mount -t tmpfs -o "size=${size}k" tmpfs "$1"
  cp "$2"/* "$1"
  first=$("$3" "$count" "$1")
  mount -o remount,size=64m "$1"
  echo "$size kB: $first, then $("$3" "$count" "$1")"
  umount "$1"
done
