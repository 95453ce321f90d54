import '../../catalog/picture/end-with-parent.ts'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { PIXELS_MAX } from '../../catalog/picture/picture.ts'

// A process of its own, started by preview.ts for one picture: a stranger's drawing may keep a thread busy for hours, and nothing
// stops a thread. Takes the picture and gives it as PNG, over the standard input and output; ends with 1 when it is none.

const PICTURE = { width: 720, height: 540 } // twice what the card is drawn with, for fine screens

sharp.concurrency(1)
const painted = await sharp(await buffer(process.stdin), { limitInputPixels: PIXELS_MAX })
  .resize({ ...PICTURE, fit: 'cover' })
  .png({ palette: true, quality: 80 })
  .toBuffer()
process.stdout.write(painted)
