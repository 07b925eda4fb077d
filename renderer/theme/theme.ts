import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** The one accent: the sea. Shade 7 has 4.5 : 1 on white, shade 4 on the dark surface. */
const SEA: MantineColorsTuple = [
  '#e6f8f7',
  '#cdeeec',
  '#9fdedb',
  '#6dccc8',
  '#43bcb7',
  '#1fa9a4',
  '#0c8f8b',
  '#077773',
  '#065f5d',
  '#044947',
];

/** Cool, quiet greys of the dark scheme. */
const DARK: MantineColorsTuple = [
  '#dfe6ea',
  '#b9c4cb',
  '#97a4ad',
  '#6a7882',
  '#3d4952',
  '#2c363e',
  '#20292f',
  '#182026',
  '#12191e',
  '#0c1115',
];

const GRAY: MantineColorsTuple = [
  '#f6f8f9',
  '#eef2f4',
  '#e1e7ea',
  '#d2dadf',
  '#bcc7ce',
  '#8b99a3',
  '#5c6b75',
  '#43515b',
  '#2b3740',
  '#151e25',
];

const SYSTEM_FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';
const SYSTEM_MONO =
  'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 5 },
  colors: { sea: SEA, dark: DARK, gray: GRAY },
  autoContrast: true,
  luminanceThreshold: 0.25,
  // Mantine takes the text colour of the light scheme's shade for both schemes.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    const isPrimary = input.variant === 'filled' && (input.color ?? 'sea') === 'sea';
    return isPrimary ? { ...colors, color: 'var(--mantine-primary-color-contrast)' } : colors;
  },
  fontFamily: SYSTEM_FONT,
  fontFamilyMonospace: SYSTEM_MONO,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '22px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' } },
  },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        openDelay: 300,
        multiline: true,
        maw: 360,
        events: { hover: true, focus: true, touch: true },
      },
    },
    InputWrapper: { styles: { label: { fontWeight: 500, marginBottom: 2, whiteSpace: 'nowrap' } } },
    SegmentedControl: {
      styles: { root: { background: 'var(--conch-sunken)', border: '1px solid var(--conch-line)' } },
    },
    TextInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md' } } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45, blur: 2 } },
      styles: { title: { fontWeight: 600 } },
    },
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end', withInitialFocusPlaceholder: false } },
  },
});

/** Surfaces and signal colours by meaning, as `--conch-…` variables; every text colour has 4.5 : 1 on every surface. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#55646e',
    '--mantine-color-placeholder': '#5f6e78',
    '--mantine-color-error': '#b3261e',
    '--conch-canvas': '#f4f7f8',
    '--conch-surface': '#ffffff',
    '--conch-sunken': '#eef2f4',
    '--conch-line': '#dbe3e7',
    '--conch-hover': '#e8eef1',
    '--conch-selected': '#d9f0ee',
    '--conch-text': '#151e25',
    '--conch-muted': '#55646e',
    '--conch-accent': '#077773',
    '--conch-ok': '#1b7a3d',
    '--conch-busy': '#8a5a00',
    '--conch-bad': '#b3261e',
    '--conch-ok-soft': '#e2f4e8',
    '--conch-busy-soft': '#fdf0d5',
    '--conch-bad-soft': '#fce8e6',
    '--conch-info-soft': '#e3f4f3',
  },
  dark: {
    '--mantine-color-body': '#12191e',
    '--mantine-color-dimmed': '#97a4ad',
    '--mantine-color-placeholder': '#84929c',
    '--mantine-color-error': '#ff8f85',
    '--conch-canvas': '#0d1318',
    '--conch-surface': '#141c22',
    '--conch-sunken': '#0f161b',
    '--conch-line': '#29343c',
    '--conch-hover': '#1d272e',
    '--conch-selected': '#12373a',
    '--conch-text': '#e3eaee',
    '--conch-muted': '#97a4ad',
    '--conch-accent': '#43bcb7',
    '--conch-ok': '#5fcf86',
    '--conch-busy': '#f0b44c',
    '--conch-bad': '#ff8f85',
    '--conch-ok-soft': '#12301d',
    '--conch-busy-soft': '#35280d',
    '--conch-bad-soft': '#3b1a18',
    '--conch-info-soft': '#10302f',
  },
});
