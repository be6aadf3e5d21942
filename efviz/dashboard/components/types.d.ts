// The types that the modules in assets/ share. Nothing of this reaches a browser.

/** What arrays from the wire and plain ones have in common. */
interface Series extends Iterable<number> {
  readonly length: number;
  readonly [index: number]: number;
  map(to: (value: number, index: number) => number): Series;
  slice(start?: number, end?: number): Series;
}
type Point = [x: number, y: number];
interface Place {
  x: number;
  y: number;
}

// What a component gets from Streamlit.

interface Call<Data> {
  data: Data;
  parentElement: HTMLElement & { [key: symbol]: any };
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}
type Send = (name: string, value: unknown) => void;

// What figures are made of, as Python packs them.

interface Font {
  size: number;
  family: string;
  color?: string;
}
interface Line {
  width: number;
  color: string;
  dash?: string;
}
interface Marker {
  size: number;
  color: string;
  symbol: string;
  line: Line;
}
interface Trace {
  type: string;
  name: string;
  mode: string;
  hoverinfo?: string;
  hovertemplate: string;
  x: Series;
  y: Series;
  z?: Series[];
  text: string | string[];
  textfont: Font & { color: string | string[] };
  textposition: string;
  marker: Marker;
  line: Line;
  opacity?: number;
  fill?: string;
  fillcolor?: string;
  colorscale?: [number, string][];
}
interface Axis {
  type?: string;
  range: Point;
  title?: { text?: string };
}
interface Title {
  text: string;
  font: Font;
}
interface Shape {
  name?: string;
  path: string;
  line: Line;
}
interface Layout {
  xaxis: Axis;
  yaxis: Axis;
  title: Title;
  font: Font;
  margin: { l: number; r: number; t: number; b: number };
  width?: number;
  height?: number;
  annotations?: object[];
  shapes?: Shape[];
  paper_bgcolor?: string;
  meta?: Meta;
}

/** What a chart reads of `layout.meta`: see pack_figures in chart.py. */
interface Meta {
  aspect?: number;
  click?: boolean;
  hint?: string;
  link?: boolean;
  label?: string;
  still?: string;
  legend?: { trace?: string; colour?: string; words: string }[];
  wide?: boolean;
  same?: string;
  shared?: string;
  height?: number;
  handles?: Kind[];
  vectors?: Vectors;
  play?: Play;
  anatomy?: AnatomyOfStep;
}
/** Marks of one trace that can be moved. */
interface Kind {
  trace: string;
  noun: string;
  least?: number;
  index?: number[];
}
interface Grid {
  x: Series;
  y: Series;
}
/** A field on an even grid, shown at the pointer. */
interface Vectors extends Grid {
  name: string;
  versus: string;
  colour: string;
  u: Series[];
  v: Series[];
  loss?: Grid & { z: Series[] };
}
interface Play {
  traces: string[];
  steps: Series;
  cursor?: Series;
}
/** The directions of all methods at the recorded steps of one run. */
interface AnatomyOfStep {
  path: string;
  start: number;
  versus: string;
  names: string[];
  colours: string[];
  texts: string[];
  scales: number[];
  u: Series[];
  v: Series[];
}
interface Figure {
  name: string;
  digest: string;
  data: Trace[];
  layout: Layout;
  place: number;
}
/** A chart as decoded from the wire. */
interface Spec {
  figures: Figure[];
  dark: Record<string, string>;
  rows: number;
  minWidth: number;
  maxWidth: number;
  smallest: number;
  plotly: string;
  revision: string;
}
/** What belongs to one visitor. */
interface Session {
  address: import('./assets/address.js').Address | null;
  ack: number;
  clicks: boolean;
  frame: FrameSaid | null;
  follows: Follows | null;
  only: string[];
  group: string;
}
/** A chart that follows the hand: see pictures.js. */
interface Follows {
  name: string;
  address: string | null;
  link: string | null;
}
interface FrameSaid {
  at: number;
  of: number;
  ack: number;
}

// What is drawn.

/** Data to pixels of the plot area and back, as the axes are now. */
interface Scales {
  left: number;
  top: number;
  width: number;
  height: number;
  family: string;
  toX(x: number): number;
  toY(y: number): number;
  fromX(px: number): number;
  fromY(py: number): number;
}
interface Dots extends Grid {
  width: number;
}
/** One path below the plot: a shape in numbers of the axes, or points in pixels. */
interface GroundPath {
  name?: string;
  trace?: string;
  path?: string;
  points?: Dots;
  line: Line;
  cap?: 'butt' | 'round' | 'square';
  opacity?: number;
  fill?: string;
}
/** Which part of a figure is drawn where. */
interface Parts {
  ground: GroundPath[];
  marks: Trace[];
  handles: Trace[];
  data: Trace[];
  layout: Layout;
}
/** A movable mark: of a trace, the one with this index; `number` is how the server counts it. */
interface Mark {
  trace: string;
  index: number;
  number?: number;
}
interface Moved extends Mark, Place {
  panel: number;
}
interface Report extends Moved {
  action: 'move' | 'drop' | 'remove';
}
interface Theme {
  dark: boolean;
  font: string;
  scale: number;
}
/** A figure as it is seen, without what takes clicks. */
interface Whole {
  data: Trace[];
  layout: Layout;
}
/** What the chart keeps with each of its panels. */
interface PanelState {
  name?: string;
  room?: number;
  state?: string;
  plotly?: string;
  listening?: boolean;
  whole?: Whole;
  layers?: import('./assets/layers.js').Layers;
  handles?: import('./assets/drag.js').Handles;
  compass?: import('./assets/hover.js').Compass;
  runners?: import('./assets/runners.js').Runners;
}
/** A panel: an element that Plotly has made its own. */
interface Panel extends HTMLElement {
  _efviz: PanelState;
  layout: Layout;
  on(event: string, act: (event: any) => unknown): void;
}

interface Window {
  Plotly: {
    react(panel: Panel, data: Trace[], layout: object, config: object): Promise<unknown>;
    toImage(figure: Whole, options: object): Promise<string>;
    downloadImage(figure: Whole, options: object): Promise<string>;
    purge(panel: Panel): void;
    Icons: Record<string, object>;
  };
}
