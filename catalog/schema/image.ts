import { z } from 'zod'
import { Line } from './common.ts'

/** A picture beside the YAML, with the text that stands in for it. */
export const Image = z
  .strictObject({
    file: z
      .string()
      .regex(
        /^images\/(?:[A-Za-z0-9][A-Za-z0-9_-]*\/)*[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.(?:svg|png|jpg|webp)$/,
        'a picture is an svg, png, jpg or webp file in the images folder, such as images/field-guide.svg',
      )
      .meta({ description: 'Path from the catalog folder, such as images/field-guide.svg' }),
    alt: Line.meta({
      description: 'What the picture shows, for people who do not see it',
      examples: ['The book on a table, with a tern on its cover'],
    }),
  })
  .meta({ description: 'A picture beside the YAML' })
export type Image = z.output<typeof Image>
