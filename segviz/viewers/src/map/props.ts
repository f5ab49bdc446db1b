/** What the page tells the map. */
import { layerUrl, type Label } from '../api'
import type { Source } from '../options'
import type { Rgb } from './bands'
import type { Affine } from './coordinates'
import type { Shape } from './pixels'

export interface Visit {
  id: string
  name: string
  when: string | null
  bands: string[]
  revision: number
  editable: boolean
  /** False while the server has only a blurred view of a large scene. */
  sharp: boolean
}

export interface MapProps {
  base: string
  visits: Visit[]
  visit: string
  shape: Shape
  transform: Affine
  proj4: string | null
  crs: string | null
  metres_per_pixel: number | null
  max_zoom: number
  /** Shown red, green and blue at first. */
  bands: Rgb
  /** Black and white of each band by its name, the same for all dates. */
  stretch: Record<string, [number, number]>
  legend: Label[]
  notice: string
  mode: 'review' | 'change'
  /** Visits a and b, and what is shown over both; its address holds `{z}`, `{x}`, `{y}`. Null in a review. */
  change: { a: string; b: string; tiles: string; legend: Label[]; place?: [column: number, row: number] | null } | null
  author?: string
  /** Whose mask is edited; the visit's first where it is left out. */
  layer?: string
  /** Where the outlines of areas are; left out without any. */
  areas?: string | null
  /** Other masks that can be copied from. */
  sources?: Source[]
  /** Another mask shown in place of this one, to look at only; its address holds `{z}`, `{x}`, `{y}`. */
  compare?: { tiles: string; legend: Label[]; name?: string } | null
}

/** Where the pictures of a visit are. */
export function url({ base }: MapProps, visit: Visit): string {
  return layerUrl(base, visit.id)
}

/** The layer of a visit that is shown: the one that is edited, or the visit's first. */
export function layerOf({ visit, layer }: MapProps, { id }: Visit): string {
  return (id === visit && layer) || id
}

/** Where the mask of a visit is. */
export function maskUrl(props: MapProps, visit: Visit): string {
  return layerUrl(props.base, visit.id, layerOf(props, visit))
}

export function title({ name, when }: Visit): string {
  return when && !name.includes(when) ? `${name} · ${when}` : name
}
