/** The files that `test/fixtures/catalog` sells, with the bytes that it approves. */
export const FILES = {
  'heron-guide.pdf': Buffer.from('%PDF-1.7 a guide to herons'),
  'heron-guide.epub': Buffer.from('PK an EPUB about herons'),
}
/** One that it names, and that a test shop's release does not have at first. */
export const LATER_FILES = { 'heron-plan.pdf': Buffer.from('a plan') }
