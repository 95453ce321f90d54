import { createHash } from 'node:crypto'
import type { GitHubFile } from '../github/client.ts'

/**
 * The same bytes, compared with what GitHub says of the file as they pass: other bytes break off, and never end as a whole file. What came
 * last is held back until all is compared.
 */
export function passOn(
  bytes: ReadableStream<Uint8Array>,
  { name, size, sha256 }: Pick<GitHubFile, 'name' | 'size' | 'sha256'>,
): ReadableStream<Uint8Array> {
  const hash = createHash('sha256')
  let [passed, held] = [0, undefined as Uint8Array | undefined]
  const differs = () => new Error(`${name}: GitHub gave other bytes than it says it has`)
  const compare = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      hash.update(chunk)
      passed += chunk.byteLength
      if (passed > size) throw differs()
      if (held) controller.enqueue(held)
      held = chunk
    },
    flush(controller) {
      if (passed !== size || (sha256 !== null && hash.digest('hex') !== sha256)) throw differs()
      if (held) controller.enqueue(held)
    },
  })
  return bytes.pipeThrough(compare)
}
