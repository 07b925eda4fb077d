import { connectShell } from './host/connect-shell.ts';
import { startWorkbench } from './start-workbench.tsx';

startWorkbench(connectShell());
