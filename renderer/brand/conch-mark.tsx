/** The shell: a spiral that opens, in the colour of the text around it. */
export function ConchMark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false">
      <path
        d="M29 13.2C27.6 6.9 22 3 15.6 3 8.6 3 3 8.5 3 15.4 3 22.6 8.7 28.9 17.4 28.9c5.2 0 8.6-1.9 11.1-4.7-2.2.6-4.2.8-6.2.6"
        stroke="currentColor"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path
        d="M29 13.2c-3.6 5.6-7.7 8.7-12.1 9.4-4.6.6-8.2-2.6-8.2-6.8 0-3.9 3-6.8 6.7-6.8 3.3 0 5.8 2.4 5.8 5.4 0 2.5-1.9 4.4-4.2 4.4-1.9 0-3.3-1.4-3.3-3.1 0-1.3 1-2.3 2.2-2.3"
        stroke="currentColor"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="29" cy="13.2" r="1.6" fill="currentColor" />
    </svg>
  );
}

/** The mark and the name. */
export function Wordmark() {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
      <span style={{ color: 'var(--conch-accent)', display: 'inline-flex' }}>
        <ConchMark size={24} />
      </span>
      <span style={{ fontSize: 16, fontWeight: 650, letterSpacing: '-0.01em' }}>Conch</span>
    </span>
  );
}
