import { z } from 'zod';
import { nameText, optional } from '../config/schema/setting.ts';

/** The fields that resources of all kinds have. */
export const ID = nameText().meta({
  description: 'What other resources, metrics and logs call it. It can not be changed.',
});

export const ENABLED = optional(z.boolean(), {
  description: 'false takes it out of service.',
  default: true,
});

export const DATES = {
  created_at: z.string().meta({ description: 'ISO 8601, UTC.' }),
  updated_at: z.string().meta({ description: 'ISO 8601, UTC.' }),
};
