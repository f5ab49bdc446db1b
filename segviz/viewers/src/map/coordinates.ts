/** From pixels to the scene's CRS and to longitude and latitude. */
import proj4 from 'proj4'
import type { Pixel } from './pixels'

/** a, b, c, d, e, f: x = a column + b row + c, y = d column + e row + f. */
export type Affine = readonly [number, number, number, number, number, number]

export function toNative([a, b, c, d, e, f]: Affine, [column, row]: Pixel): [number, number] {
  return [a * column + b * row + c, d * column + e * row + f]
}

export type ToLonLat = (native: readonly [number, number]) => [number, number] | null

/** Longitude and latitude of native coordinates; null for all of them where the CRS is not known. */
export function toLonLat(proj4Text: string | null): ToLonLat {
  if (!proj4Text) return () => null
  try {
    const { forward } = proj4(proj4Text, 'EPSG:4326')
    return (native) => {
      const [lon, lat] = forward([...native]) as [number, number]
      return Number.isFinite(lon) && Number.isFinite(lat) ? [lon, lat] : null
    }
  } catch {
    return () => null
  }
}

/** `47.123456 N 24.654321 E`: 6 decimals, as EUDR statements want them. */
export function lonLatText([lon, lat]: readonly [number, number]): string {
  return `${Math.abs(lat).toFixed(6)}° ${lat < 0 ? 'S' : 'N'} ${Math.abs(lon).toFixed(6)}° ${lon < 0 ? 'W' : 'E'}`
}

/** Native x and y: 6 decimals where they are degrees, whole units with one decimal else. */
export function nativeText([x, y]: readonly [number, number], degrees: boolean): string {
  const digits = degrees ? 6 : 1
  return `${x.toFixed(digits)}, ${y.toFixed(digits)}`
}

/** How far north is turned from up on the screen, clockwise, in degrees. */
export function northTurn([a, b, , d, e]: Affine): number {
  // The direction in (column, row) in which only the native y grows: the inverse's second column.
  const determinant = a * e - b * d
  return (Math.atan2(-b / determinant, -a / determinant) * 180) / Math.PI
}

/** A round length of at most `most` pixels: how long it is and what is written on it. */
export function scaleBar(metresPerScreenPixel: number | null, cellsPerScreenPixel: number, most = 140): { width: number; text: string } {
  const perPixel = metresPerScreenPixel ?? cellsPerScreenPixel
  const length = roundDown(most * perPixel)
  const width = length / perPixel
  if (metresPerScreenPixel === null) return { width, text: `${length.toLocaleString('en')} pixels` }
  return { width, text: length >= 1000 ? `${(length / 1000).toLocaleString('en')} km` : `${length.toLocaleString('en')} m` }
}

/** The largest 1, 2 or 5 times a power of ten that is not larger. */
function roundDown(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length))
  const lead = length / power
  return Number(((lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power).toPrecision(12))
}
