/**
 * Where somebody looks and what is in the hand: in the page's address, so that a link opens the same
 * view, and in the tab's memory, so that a viewer made anew finds its last place.
 */
import { whenQuiet } from './dom'

export interface Place {
  /** Voxel under the crosshair, or column and row in the middle of a scene's view. */
  at?: readonly number[]
  zoom?: number
  label?: number
  tool?: string
}

/** Whose place it is; the page's address names the same. */
export interface Owner {
  case: string
  visit: string
  /** Without one it is the visit's first, which has the visit's id. */
  layer?: string | undefined
}

/** `/sv/cases/{case}/{token}` is where the routes of a case begin. */
export function caseOf(base: string): string {
  return base.split('/')[3] ?? ''
}

/** The place in an address; nothing where the address is about another case, visit or layer. */
export function read(search: string, owner: Owner): Place {
  const query = new URLSearchParams(search)
  if (!isAbout(query, owner)) return {}
  const at = query.get('at')?.split(',').map(Number)
  const [zoom, label] = ['zoom', 'label'].map((name) => Number(query.get(name) ?? NaN)) as [number, number]
  const tool = query.get('tool')
  return {
    ...(at?.every(Number.isFinite) && { at }),
    ...(zoom > 0 && Number.isFinite(zoom) && { zoom }),
    ...(label > 0 && Number.isInteger(label) && { label }),
    ...(tool && { tool }),
  }
}

/**
 * The address with this place in it and all else kept; null where it is about another case, visit or
 * layer, as while the page moves on to one.
 */
export function written(search: string, owner: Owner, place: Place): string | null {
  const query = new URLSearchParams(search)
  if (!isAbout(query, owner)) return null
  const { at, zoom, label, tool } = place
  const layer = owner.layer === owner.visit ? undefined : owner.layer
  const now = {
    case: owner.case,
    visit: owner.visit,
    layer,
    at: at?.map((value) => rounded(value, 1)).join(','),
    zoom: zoom && rounded(zoom, 3),
    label: label || undefined,
    tool,
  }
  for (const [name, value] of Object.entries(now)) {
    if (value === undefined) query.delete(name)
    else query.set(name, String(value))
  }
  return `?${query.toString().replaceAll('%2C', ',')}`
}

/** The place of one viewer, remembered a moment after it stops changing. */
export class Memory {
  private readonly key: string
  private readonly later = whenQuiet(400, () => this.write())
  private place: Place | null = null

  constructor(
    private readonly owner: Owner,
    /** Whether the viewer is on the page: one that waits off it leaves the address alone. */
    private readonly isShown: () => boolean,
  ) {
    this.key = `segviz-place:${owner.case}/${owner.visit}`
  }

  /** What the address says, and what it leaves open as it was in this tab. */
  recall(): Place {
    return (this.place = { ...this.stored(), ...this.asked() })
  }

  keep(place: Place): void {
    this.place = { ...this.place, ...place }
    this.later()
  }

  /**
   * The viewer is back on the page: its place belongs into the address again. One that was not
   * opened yet has none, and must not take away what a link says.
   */
  again(): void {
    if (this.place) this.later()
  }

  /** What the address says now. */
  asked(): Place {
    return read(location.search, this.owner)
  }

  private write(): void {
    if (!this.isShown() || !this.place) return
    const search = written(location.search, this.owner, this.place)
    if (search !== null && search !== location.search) history.replaceState(history.state, '', search + location.hash)
    try {
      sessionStorage.setItem(this.key, JSON.stringify(this.place))
    } catch {
      // Without storage the address alone remembers.
    }
  }

  private stored(): Place {
    try {
      return JSON.parse(sessionStorage.getItem(this.key) ?? '{}') as Place
    } catch {
      return {}
    }
  }
}

function isAbout(query: URLSearchParams, { case: id, visit, layer = visit }: Owner): boolean {
  return (query.get('case') ?? id) === id && (query.get('visit') ?? visit) === visit && (query.get('layer') ?? visit) === layer
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
