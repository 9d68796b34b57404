/** Narrower maps have the panel below, as in the styles; wider ones beside it, with the tools this wide. */
export const NARROW_PX = 640;
export const LOW_PX = 380;
/** What the buttons at the right cover, with their distance from the edge. */
export const TOOLS_PX = 52;
export const PANEL_PX = 390;
