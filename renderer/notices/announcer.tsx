import { VisuallyHidden } from '@mantine/core';
import { create } from 'zustand';

const useAnnouncement = create<{ readonly text: string }>(() => ({ text: '' }));

/** Has screen readers say a short sentence. */
export function announce(text: string): void {
  useAnnouncement.setState({ text: '' });
  setTimeout(() => useAnnouncement.setState({ text }), 30);
}

/** The live region of {@link announce}; mounted once. */
export function Announcer() {
  const text = useAnnouncement((state) => state.text);
  return (
    <VisuallyHidden>
      <div role="status" aria-live="polite" aria-label="Announcements">
        {text}
      </div>
    </VisuallyHidden>
  );
}
