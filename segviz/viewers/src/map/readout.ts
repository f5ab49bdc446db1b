/** The status line: where the pointer is, what was measured there, which label it has. */
import { askJson } from '../api'
import { whenQuiet } from '../dom'
import { lonLatText, nativeText, toLonLat, toNative, type ToLonLat } from './coordinates'
import type { Pixel } from './pixels'
import { layerOf, url, type MapProps, type Visit } from './props'

interface Values {
  values: Record<string, number | null>
  label: number
  name: string
}

export class Readout {
  private readonly toLonLat: ToLonLat
  private at: Pixel | null = null
  private measured = ''
  private readonly ask = whenQuiet(120, (at: Pixel, visits: readonly Visit[]) => void this.fetch(at, visits))

  constructor(
    private readonly props: MapProps,
    private readonly write: (text: string) => void,
  ) {
    this.toLonLat = toLonLat(props.proj4)
    this.show()
  }

  /** The pointer is here, over these visits; null when it is not over the scene. */
  point(at: Pixel | null, visits: readonly Visit[]): void {
    this.at = at
    this.measured = ''
    if (at) this.ask(at, visits)
    this.show()
  }

  private async fetch(at: Pixel, visits: readonly Visit[]): Promise<void> {
    const place = `row=${Math.floor(at[1])}&column=${Math.floor(at[0])}`
    const ask = (visit: Visit) => askJson<Values>(`${url(this.props, visit)}/values?${place}&layer=${layerOf(this.props, visit)}`)
    const found = await Promise.all(visits.map(ask)).catch(() => [])
    if (this.at !== at) return
    this.measured = found.length > 1 ? found.map(({ name }) => name || 'no label').join(' → ') : found.map(valuesText).join('')
    this.show()
  }

  private show(): void {
    const { transform, proj4, crs, shape } = this.props
    if (!this.at) return this.write(`${crs || 'no CRS'} · ${shape.join(' × ')} pixels`)
    const native = toNative(transform, this.at)
    const lonLat = this.toLonLat(native)
    const inDegrees = /longlat/.test(proj4 ?? '')
    const parts = [
      lonLat && lonLatText(lonLat),
      (!lonLat || !inDegrees) && nativeText(native, inDegrees),
      `row ${Math.floor(this.at[1])} column ${Math.floor(this.at[0])}`,
      this.measured,
    ]
    this.write(parts.filter(Boolean).join(' · '))
  }
}

/** `B2 412  B3 633 · Tree cover` */
function valuesText({ values, name }: Values): string {
  const bands = Object.entries(values).map(([band, value]) => `${band} ${value === null ? '–' : Number(value.toPrecision(5))}`)
  return [bands.join('  '), name].filter(Boolean).join(' · ')
}
