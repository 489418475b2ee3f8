import type { ReactNode } from 'react';

/** The sign of llm-proxy: one line that becomes three. */
export function Logo(): ReactNode {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#0b7a5e" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round">
        <path d="M7 16h18M12 16c4.5 0 4-7 13-7M12 16c4.5 0 4 7 13 7" />
      </g>
      <circle cx="7.5" cy="16" r="3" fill="#fff" />
    </svg>
  );
}
