import { z } from 'zod';
import { nameText, optional } from '../config/schema/setting.ts';

/** The fields that all resources share. */
export const ID = nameText()
  // A URL cannot contain such segments, so a resource of this name could be neither read nor deleted.
  .refine((id) => id !== '.' && id !== '..', 'must not be "." or "..", which no path can name')
  .refine((id) => id.isWellFormed(), 'must not contain half a character, which no path can name')
  .meta({ description: 'Its name in other resources, metrics and logs. It cannot be changed.' });

export const ENABLED = optional(z.boolean(), {
  description: 'Whether the resource is enabled.',
  default: true,
});

export const DATES = {
  created_at: z.string().meta({ description: 'ISO 8601, UTC.' }),
  updated_at: z.string().meta({ description: 'ISO 8601, UTC.' }),
};

/** In the response to a write. */
export const WARNINGS = {
  warnings: z
    .array(z.string())
    .optional()
    .meta({ description: 'In the response to a write: settings that are valid but probably not intended.' }),
};

/** The name of a team or user. */
export const OWNER_NAME = optional(nameText(), {
  description: 'The name in refusals and reports. Default: the id.',
});
