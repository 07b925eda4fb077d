import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** Electron's own security checklist (docs/tutorial/security.md), held on the syntax trees of the shell. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDER = join(ROOT, 'main/electron');

const trees = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.ts'))
  .map((name) =>
    ts.createSourceFile(name, readFileSync(join(FOLDER, name), 'utf8'), ts.ScriptTarget.ESNext, true),
  );

/** Every node of the shell that `pick` turns into a text, with its file. */
function find(pick: (node: ts.Node) => string | null): string[] {
  const found: string[] = [];
  for (const tree of trees) {
    const visit = (node: ts.Node) => {
      const text = pick(node);
      if (text !== null) found.push(`${tree.fileName}: ${text}`);
      node.forEachChild(visit);
    };
    visit(tree);
  }
  return found;
}

/** Calls of a method or function of that name; their first argument's text. */
function callsOf(name: string): string[] {
  return find((node) => {
    if (!ts.isCallExpression(node)) return null;
    const { expression } = node;
    const called = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
    return called === name ? (node.arguments[0]?.getText() ?? '') : null;
  });
}

const literals = () => find((node) => (ts.isStringLiteralLike(node) ? node.text : null));

describe('the shell', () => {
  test('is looked at here: a check of nothing holds always', () => {
    expect(trees.length).toBeGreaterThan(10);
  });

  test('1, 18: shows its page by a scheme of its own, secure and under its policy', () => {
    expect(callsOf('loadFile')).toEqual([]);
    expect(callsOf('loadURL')).toEqual(['window.ts: PAGE_URL']);
    expect(literals().filter((text) => /: (file|http|ftp):/.test(text))).toEqual([]);
    expect(find((node) => (ts.isIdentifier(node) && node.text === 'bypassCSP' ? node.text : null))).toEqual(
      [],
    );
  });

  test('2, 3, 4, 20: makes windows in one place, sandboxed, isolated and without Node', () => {
    const windows = find((node) =>
      ts.isNewExpression(node) &&
      /BrowserWindow|BaseWindow|WebContentsView|BrowserView/.test(node.expression.getText())
        ? node.expression.getText()
        : null,
    );
    expect(windows).toEqual(['window.ts: BrowserWindow']);
    expect(callsOf('enableSandbox')).toHaveLength(1);
  });

  test('5: answers every request for a permission itself', () => {
    for (const name of [
      'setPermissionRequestHandler',
      'setPermissionCheckHandler',
      'setDevicePermissionHandler',
    ])
      expect({ name, calls: callsOf(name).length }).toEqual({ name, calls: 1 });
  });

  test('6, 8, 9, 10, 11: never opens what is closed by default', () => {
    const properties = (name: string) =>
      find((node) =>
        ts.isPropertyAssignment(node) && node.name.getText() === name ? node.initializer.getText() : null,
      );
    expect(properties('webSecurity')).toEqual(['window.ts: true']);
    expect(properties('allowRunningInsecureContent')).toEqual(['window.ts: false']);
    expect(properties('webviewTag')).toEqual(['window.ts: false']);
    for (const name of ['experimentalFeatures', 'enableBlinkFeatures'])
      expect({ name, uses: properties(name) }).toEqual({ name, uses: [] });
    expect(callsOf('appendSwitch')).toEqual([]);
  });

  test('12, 13, 14: lets no page navigate, attach or open anything', () => {
    const listened = callsOf('on').map((text) => text.split(': ')[1]);
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])
      expect(listened).toContain(`'${event}'`);
    expect(callsOf('setWindowOpenHandler')).toHaveLength(1);
  });

  test('15: opens links outside in one place, behind its check', () => {
    expect(callsOf('openExternal').filter((text) => !/^(menu|window)\.ts/.test(text))).toEqual([
      'open-external.ts: url',
    ]);
  });

  test('16: is one of the three majors that Electron supports, and past the holes of its bridge', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    expect(Number(devDependencies['electron']?.split('.')[0])).toBeGreaterThanOrEqual(43);
  });

  test('17: hears messages in one place, which checks who sent them', () => {
    const listeners = find((node) =>
      ts.isCallExpression(node) && node.expression.getText().startsWith('ipcMain.')
        ? node.expression.getText()
        : null,
    );
    expect(listeners).toEqual(['page-messages.ts: ipcMain.on']);
    expect(callsOf('onPageMessage').toSorted()).toEqual([
      "drag-out.ts: 'conch-drag'",
      "main.ts: 'conch-port'",
    ]);
  });

  test('20: gives the page functions, never electron’s own objects', () => {
    const bridges = callsOf('exposeInMainWorld');
    expect(bridges).toEqual(["preload.ts: 'conch'"]);
    const handedOver = find((node) =>
      ts.isPropertyAssignment(node) && node.getSourceFile().fileName === 'preload.ts'
        ? `${node.name.getText()} ${ts.SyntaxKind[node.initializer.kind] ?? ''}`
        : null,
    );
    expect(handedOver.filter((text) => /pathForFile|dragFile/.test(text))).toEqual([
      'preload.ts: pathForFile ArrowFunction',
      'preload.ts: dragFile ArrowFunction',
    ]);
  });
});
