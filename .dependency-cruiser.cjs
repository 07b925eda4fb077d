/** Layers of the house. Each rule says what to do instead. */
const only = (packageName, home, why) => ({
  name: `${packageName}-stays-home`,
  comment: why,
  severity: 'error',
  from: { pathNot: `${home}|^tests/` },
  to: { path: `^node_modules/${packageName}/` },
});
const never = (name, from, to, comment, reachable = false) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: reachable ? { path: to, reachable: true } : { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Move the shared part down.',
      from: {},
      to: { circular: true },
    },
    never(
      'core-is-pure',
      '^app/core/',
      '^(app/(contract|host|server)|main|renderer)/',
      'Core knows nobody above it; pass facts in as arguments.',
    ),
    {
      name: 'core-has-no-node',
      severity: 'error',
      comment: 'Core runs in a browser too: no Node modules.',
      from: { path: '^app/(core|contract)/' },
      to: { dependencyTypes: ['core'] },
    },
    never(
      'contract-is-a-promise',
      '^app/contract/',
      '^(app/(host|server)|main|renderer)/',
      'The contract says what may be asked, never how.',
    ),
    never(
      'server-stands-alone',
      '^app/server/',
      '^(app/(contract|host)|main|renderer)/',
      '`conch serve` is the server process tree alone.',
    ),
    never(
      'host-has-no-shell',
      '^app/host/',
      '^(main|renderer)/',
      'The host runs under every shell; ask for a capability.',
    ),
    never(
      'host-asks-the-server-by-protocol',
      '^app/host/',
      '^app/server/',
      'The server is reached by the Open Inference Protocol.',
    ),
    never(
      'renderer-never-reaches-host',
      '^renderer/',
      '^(app/(host|server)|main)/',
      'Add a call to app/contract.',
      true,
    ),
    only('electron', '^main/electron/', 'The same host also runs under plain Node.'),
    only(
      'onnxruntime-node',
      '^app/server/engine/',
      'ONNX Runtime can die from plain data: engine processes only.',
    ),
    only('electron-updater', '^main/electron/', 'Updates are the desktop program’s.'),
    only('@aws-sdk', '^app/host/object-storage/', 'One place talks to S3.'),
    only('dockerode', '^app/host/triton-container/', 'One place talks to the Docker Engine.'),
    only('react', '^renderer/', 'Only the renderer draws.'),
    only('monaco-editor', '^renderer/config-editor/', 'Monaco is heavy: one feature loads it lazily.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
