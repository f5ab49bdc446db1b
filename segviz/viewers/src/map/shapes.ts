/** Shapes that are drawn on a scene, as they are sent and as they wait to be acknowledged. */
import type { Params } from '../session'
import type { Pixel } from './pixels'

export const SHAPES = ['brush', 'eraser', 'polygon', 'lasso', 'relabel-inside', 'area'] as const
export type ShapeTool = (typeof SHAPES)[number]

export interface Shape {
  tool: ShapeTool
  label: number
  /** [column, row] in pixels; pixel (r, c) covers c to c + 1 and r to r + 1. */
  points: readonly Pixel[]
  /** In pixels; 0 for what is enclosed by the points. */
  radius: number
}

/** Parameters of the tool; the label travels apart from the tool for all of them. */
export function paramsOf({ label, points, radius }: Shape): Params {
  return { label, points, ...(radius > 0 && { radius_cells: radius }) }
}

/** The shape of an edit that waits; null where it is none that can be drawn. */
export function shapeOf(tool: string, params: Params): Shape | null {
  const known = SHAPES.find((name) => name === tool)
  const { label, points, radius_cells: radius = 0 } = params as { label: number; points?: Pixel[]; radius_cells?: number }
  return known && points ? { tool: known, label, points, radius } : null
}

/** A hundredth of a pixel is exact enough and keeps edits short. */
export function rounded([column, row]: Pixel): Pixel {
  return [Math.round(column * 100) / 100, Math.round(row * 100) / 100]
}

export function distance(a: Pixel, b: Pixel): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}
