/** What the shell around the host can do. The UI asks for these, never for the shell's name. */
export interface Capabilities {
  /** `dialog.openModels` and `dialog.chooseFolder` show native dialogs; otherwise the UI shows its own file picker. */
  readonly nativeDialogs: boolean;
  /** Dropped files have paths on the host's machine, so nothing needs to be uploaded. */
  readonly droppedFilesHavePaths: boolean;
  /** A finished export can be fetched from {@link Capabilities.downloadPath} + its download id. */
  readonly downloads: boolean;
  /** URL path prefix of downloads, such as `/downloads/`; empty where {@link Capabilities.downloads} is false. */
  readonly downloadPath: string;
  /** `folder.reveal` opens the system's file manager. */
  readonly revealInFolder: boolean;
  /** What an export wrote can be dragged out of the window. */
  readonly dragsFilesOut: boolean;
}
