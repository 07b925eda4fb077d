import { createReconnectingHost } from '../../renderer/host/reconnecting-host.ts';
import { startWorkbench } from '../../renderer/start-workbench.tsx';
import { createFixtureHost, type FixtureHost } from './fixture-host.ts';

declare global {
  interface Window {
    /** For looking at rare states by hand in the browser's console. */
    fixture?: FixtureHost;
  }
}

const empty = { models: [], recents: [] };
const fixture = createFixtureHost(location.search.includes('empty') ? empty : {});
window.fixture = fixture;
startWorkbench(createReconnectingHost(() => Promise.resolve(fixture.connect())));
