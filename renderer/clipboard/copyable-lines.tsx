import { CopyButton } from './copy-button.tsx';
import classes from './copyable-lines.module.css';

/** Lines of code or commands with a button that copies all of them. */
export function CopyableLines({
  lines,
  label,
}: {
  readonly lines: readonly string[];
  readonly label: string;
}) {
  const text = lines.join('\n');
  return (
    <div className={classes.box}>
      <pre className={classes.text} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <div className={classes.button}>
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
    </div>
  );
}
