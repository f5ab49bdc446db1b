/** Every tool of the editor in one table: toolbar, options, keys and help are made from it. */
import type { Icon } from './icons'

export type World = 'volume' | 'map'

export type ToolName =
  | 'navigate' | 'window'
  | 'brush' | 'eraser' | 'polygon' | 'lasso' | 'fill' | 'area'
  | 'pick' | 'erase-piece' | 'relabel-piece' | 'relabel-inside'
  | 'grow' | 'seeds'
  | 'between' | 'largest' | 'small' | 'split' | 'holes' | 'smooth' | 'margin'
  | 'union' | 'intersect' | 'subtract' | 'copy' // prettier-ignore

/** Tools of a group share a button. */
export type Group = 'look' | 'paint' | 'shape' | 'piece' | 'grow' | 'whole'

/**
 * What the hand does: nothing to the mask, pull a stroke, click corners, pull a loop, click a place,
 * or press Apply for the whole mask.
 */
export type Use = 'look' | 'stroke' | 'corners' | 'loop' | 'click' | 'whole'

export type Value = number | string | boolean | null

/** What lengths and sizes are given in: mm and ml, m and ha, or cells where a scene has no scale. */
export type Unit = 'mm' | 'm' | 'cells'

/** An option of a tool; `param` is its name in the request. */
export type Field = {
  param: string
  label: string
  /** For the hand alone; not sent. */
  local?: true
} & (
  | {
      kind: 'range'
      unit: string
      min: number
      max: number
      step: number
      value: number
      logarithmic?: boolean
    }
  | { kind: 'choice'; options: readonly { value: Value; text: string }[] }
  /** A label of the mask that `source` names, or of this one; `none` names null. */
  | { kind: 'label'; none?: string }
  /** This mask, or another layer, version or date. */
  | { kind: 'source'; other?: true }
)

export interface ToolRow {
  name: ToolName
  group: Group
  icon: Icon
  title: string
  /** What to do with it, for the option bar. */
  hint: string
  use: Use
  key?: string
  worlds?: readonly World[]
  fields?: (unit: Unit) => readonly Field[]
  /** Shown before it is applied. */
  preview?: true
}

function length(param: string, label: string, defaults: Record<Unit, number>) {
  return (unit: Unit): Field => {
    const [min, max] = unit === 'mm' ? [0.5, 100] : unit === 'm' ? [1, 10000] : [1, 1000]
    const shown = unit === 'cells' ? 'px' : unit
    return { kind: 'range', param: `${param}_${unit}`, label, unit: shown, min, max, step: min, value: defaults[unit], logarithmic: true }
  }
}

function signedLength(param: string, label: string) {
  return (unit: Unit): Field => {
    const [most, step, value] = unit === 'mm' ? [20, 0.5, 2] : unit === 'm' ? [500, 5, 30] : [50, 1, 1]
    return { kind: 'range', param: `${param}_${unit}`, label, unit: unit === 'cells' ? 'px' : unit, min: -most, max: most, step, value }
  }
}

function size(unit: Unit): Field {
  const common = { kind: 'range', label: 'Below', logarithmic: true } as const
  if (unit === 'mm') return { ...common, param: 'size_ml', unit: 'ml', min: 0.01, max: 100, step: 0.01, value: 0.1 }
  if (unit === 'm') return { ...common, param: 'area_ha', unit: 'ha', min: 0.01, max: 1000, step: 0.01, value: 0.5 }
  return { ...common, param: 'size_cells', unit: 'px', min: 2, max: 10000, step: 1, value: 20 }
}

/** `here` is the plane of the click. */
const through: Field = {
  kind: 'choice', param: 'plane', label: 'In',
  options: [{ value: 'here', text: 'this slice' }, { value: null, text: 'all slices' }],
} // prettier-ignore
const PLANES = [{ value: 2, text: 'axial' }, { value: 1, text: 'coronal' }, { value: 0, text: 'sagittal' }] // prettier-ignore
const slices: Field = { kind: 'choice', param: 'plane', label: 'Slices', options: PLANES }
const solid: Field = { kind: 'choice', param: 'plane', label: 'In', options: [{ value: null, text: '3-D' }, ...PLANES] }
/** What small pieces become. */
const into: Field = { kind: 'choice', param: 'into', label: 'Become', options: [{ value: null, text: 'what is around' }, { value: 0, text: 'unlabelled' }] }
/** `hand` is the label in the hand. */
const whose: Field = { kind: 'choice', param: 'label', label: 'Of', options: [{ value: 'hand', text: 'this label' }, { value: 0, text: 'all labels' }] }
const slicesThrough: Field = { kind: 'range', param: 'through', label: 'Slices', unit: '', min: 1, max: 99, step: 2, value: 1, local: true }
const similar: Field = { kind: 'range', param: 'share', label: 'Tolerance', unit: '%', min: 0.01, max: 1, step: 0.01, value: 0.1 }
const background: Field = { kind: 'label', param: 'background', label: 'Background', none: 'none' }
const count: Field = { kind: 'range', param: 'count', label: 'Keep', unit: '', min: 1, max: 20, step: 1, value: 1 }
const over: Field = { kind: 'choice', param: 'over', label: 'Takes', options: [{ value: false, text: 'unlabelled cells' }, { value: true, text: 'other labels too' }] }
const source: Field = { kind: 'source', param: 'source', label: 'Of' }
const from: Field = { kind: 'source', param: 'source', label: 'From', other: true }
const other: Field = { kind: 'label', param: 'other_label', label: 'With' }
const radius = length('radius', 'Radius', { mm: 2, m: 30, cells: 2 })
const reach = length('radius', 'Within', { mm: 30, m: 1000, cells: 100 })
const around = length('margin', 'Within', { mm: 10, m: 200, cells: 20 })
const distance = signedLength('distance', 'By')
const inVolumes = (...fields: Field[]) => (unit: Unit) => (unit === 'mm' ? fields : [])

export const TOOLS: readonly ToolRow[] = [
  { name: 'navigate', group: 'look', icon: 'crosshair', title: 'Crosshair', hint: '', use: 'look', key: 'v', worlds: ['volume'] },
  { name: 'navigate', group: 'look', icon: 'pan', title: 'Move the map', hint: '', use: 'look', key: 'v', worlds: ['map'] },
  { name: 'window', group: 'look', icon: 'window', title: 'Window and level by dragging', hint: '', use: 'look', key: 'w', worlds: ['volume'] },
  { name: 'brush', group: 'paint', icon: 'brush', title: 'Brush', hint: 'Ctrl erases', use: 'stroke', key: 'b' },
  { name: 'eraser', group: 'paint', icon: 'eraser', title: 'Eraser', hint: 'Ctrl paints', use: 'stroke', key: 'e' },
  { name: 'polygon', group: 'shape', icon: 'polygon', title: 'Polygon', hint: 'Click corners, Enter closes; Ctrl cuts', use: 'corners', key: 'p', fields: inVolumes(slicesThrough) },
  { name: 'lasso', group: 'shape', icon: 'lasso', title: 'Lasso', hint: 'Pull around; Ctrl cuts', use: 'loop', key: 'l', fields: inVolumes(slicesThrough) },
  { name: 'fill', group: 'shape', icon: 'bucket', title: 'Fill', hint: 'Click into what is enclosed', use: 'click', key: 'f', fields: inVolumes(through) },
  { name: 'relabel-inside', group: 'shape', icon: 'relabelInside', title: 'Relabel inside a polygon', hint: 'Click corners, Enter closes', use: 'corners', fields: inVolumes(slicesThrough) },
  { name: 'area', group: 'shape', icon: 'area', title: 'Area to measure in', hint: 'Click corners, Enter closes', use: 'corners', worlds: ['map'] },
  { name: 'pick', group: 'piece', icon: 'pick', title: 'Pick the label under the pointer', hint: 'Click a label', use: 'click', key: 'c' },
  { name: 'erase-piece', group: 'piece', icon: 'erasePiece', title: 'Erase a piece', hint: 'Click a piece', use: 'click' },
  { name: 'relabel-piece', group: 'piece', icon: 'relabelPiece', title: 'Relabel a piece', hint: 'Click a piece', use: 'click' },
  { name: 'grow', group: 'grow', icon: 'wand', title: 'Grow from a click', hint: 'Click a place', use: 'click', key: 'g', preview: true, fields: (unit) => [similar, reach(unit)] },
  { name: 'seeds', group: 'grow', icon: 'seeds', title: 'Grow from strokes of several labels', hint: 'Paint a little of each label first', use: 'whole', preview: true, fields: (unit) => [background, around(unit)] },
  { name: 'between', group: 'whole', icon: 'between', title: 'Fill between slices', hint: '', use: 'whole', key: 'n', worlds: ['volume'], preview: true, fields: () => [slices] },
  { name: 'smooth', group: 'whole', icon: 'smooth', title: 'Smooth', hint: '', use: 'whole', preview: true, fields: (unit) => [whose, radius(unit)] },
  { name: 'margin', group: 'whole', icon: 'margin', title: 'Grow or shrink by a margin', hint: '', use: 'whole', preview: true, fields: (unit) => [distance(unit), over] },
  { name: 'holes', group: 'whole', icon: 'holes', title: 'Fill holes', hint: '', use: 'whole', preview: true, fields: inVolumes(solid) },
  { name: 'small', group: 'whole', icon: 'small', title: 'Remove small pieces', hint: '', use: 'whole', preview: true, fields: (unit) => (unit === 'mm' ? [whose, size(unit)] : [whose, size(unit), into]) },
  { name: 'largest', group: 'whole', icon: 'largest', title: 'Keep the largest pieces', hint: '', use: 'whole', preview: true, fields: () => [whose, count] },
  { name: 'split', group: 'whole', icon: 'split', title: 'Split into pieces', hint: 'Each piece gets a label of its own', use: 'whole' },
  { name: 'union', group: 'whole', icon: 'union', title: 'Add another label', hint: '', use: 'whole', preview: true, fields: () => [source, other, over] },
  { name: 'intersect', group: 'whole', icon: 'intersect', title: 'Keep the overlap', hint: '', use: 'whole', preview: true, fields: () => [from, other] },
  { name: 'subtract', group: 'whole', icon: 'subtract', title: 'Take another label away', hint: '', use: 'whole', preview: true, fields: () => [from, other] },
  { name: 'copy', group: 'whole', icon: 'copy', title: 'Copy from another mask', hint: '', use: 'whole', preview: true, fields: () => [from, other, over] },
]

export function toolsOf(world: World): readonly ToolRow[] {
  return TOOLS.filter((row) => row.worlds?.includes(world) ?? true)
}

/** Throws a RangeError where the world has no such tool. */
export function toolOf(world: World, name: ToolName): ToolRow {
  const row = toolsOf(world).find((row) => row.name === name)
  if (!row) throw new RangeError(`a ${world} has no tool ${name}`)
  return row
}

const NAMES: ReadonlySet<string> = new Set(TOOLS.map(({ name }) => name))

export function isTool(action: string): action is ToolName {
  return NAMES.has(action)
}

/** The tool while Ctrl is held: brush and eraser change places. */
export function inverse(tool: ToolName): ToolName {
  if (tool === 'brush') return 'eraser'
  return tool === 'eraser' ? 'brush' : tool
}
