/** What the page tells the map. */
import type { Label } from '../api'
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
  /** Visits a and b and the label whose loss and gain are shown; null in a review. */
  change: { a: string; b: string; label: number } | null
  author?: string
  /** The layer of the visit whose mask is edited; its first one where none is named. */
  layer?: string
  /** Other masks that tools can take labels from. */
  sources?: Source[]
  /** A comparison in place of the mask: `{z}`, `{x}` and `{y}` stand for the tile in its address. */
  compare?: { tiles: string; legend: Label[] } | null
}

export function url({ base }: MapProps, visit: Visit): string {
  return `${base}/visits/${visit.id}`
}

/** Where the mask of a visit is: the layer that is edited, or the visit's first one. */
export function layerUrl(props: MapProps, visit: Visit): string {
  return `${url(props, visit)}/layers/${(visit.id === props.visit && props.layer) || visit.id}`
}

export function title({ name, when }: Visit): string {
  return when && !name.includes(when) ? `${name} · ${when}` : name
}
