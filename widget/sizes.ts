/** Narrower maps have the panel below, as in the styles; wider ones beside it, with the tools this wide. */
export const NARROW_PX = 640;
export const LOW_PX = 380;
/** What the buttons at the right cover, with their distance from the edge. */
export const TOOLS_PX = 52;
export const PANEL_PX = 390;
/** What the line of search and choices covers above. */
export const BAR_PX = 60;
/** Of a narrow map, what its panel covers below until it is pulled up: as in the styles. */
export const SHEET_SHARE = 0.44;
