/** Which bands are shown red, green and blue. */

export type Rgb = readonly [number, number, number]

export interface Composite {
  name: string
  bands: Rgb
}

type Role = 'blue' | 'green' | 'red' | 'nir' | 'swir1' | 'swir2'

const WORDS: readonly (readonly [RegExp, Role])[] = [
  [/^blue$/, 'blue'],
  [/^green$/, 'green'],
  [/^red$/, 'red'],
  [/^(nir|near[ -]?infrared)$/, 'nir'],
  [/^swir[ _-]?1$/, 'swir1'],
  [/^swir[ _-]?2$/, 'swir2'],
]

const SENTINEL_2: Record<string, Role> = { b2: 'blue', b3: 'green', b4: 'red', b8: 'nir', b11: 'swir1', b12: 'swir2' }

const COMPOSITES: readonly (readonly [string, readonly [Role, Role, Role]])[] = [
  ['True colour', ['red', 'green', 'blue']],
  ['Colour infrared', ['nir', 'red', 'green']],
  ['Shortwave infrared', ['swir2', 'nir', 'red']],
  ['Agriculture', ['swir1', 'nir', 'blue']],
]

/** What each band is, from its name; B-numbers are read as Sentinel-2's where B8 is among them. */
function roles(bands: readonly string[]): Map<Role, number> {
  const names = bands.map((name) => name.trim().toLowerCase().replace(/^b0/, 'b'))
  const sentinel = names.includes('b8')
  const found = new Map<Role, number>()
  names.forEach((name, index) => {
    const role = WORDS.find(([words]) => words.test(name))?.[1] ?? (sentinel ? SENTINEL_2[name] : undefined)
    if (role && !found.has(role)) found.set(role, index)
  })
  return found
}

/** The composites these bands allow; the one given by the server first where it is none of them. */
export function composites(bands: readonly string[], natural: Rgb): Composite[] {
  const known = roles(bands)
  const possible = COMPOSITES.flatMap(([name, needed]) => {
    const rgb = needed.map((role) => known.get(role))
    return rgb.every((band) => band !== undefined) ? [{ name, bands: rgb as unknown as Rgb }] : []
  })
  if (possible.some(({ bands }) => same(bands, natural))) return possible
  return [{ name: same(natural, [natural[0], natural[0], natural[0]]) ? 'Grey' : 'Natural', bands: natural }, ...possible]
}

/** A band, or two bands whose normalised difference (a - b) / (a + b) is meant. */
export interface Channel {
  name: string
  channel: number | readonly [number, number]
}

const INDICES: readonly (readonly [string, Role, Role])[] = [
  ['NDVI', 'nir', 'red'],
  ['NDWI', 'green', 'nir'],
  ['NDMI', 'nir', 'swir1'],
  ['NBR', 'nir', 'swir2'],
]

/** What a window of values can be about: each band, and the indices these bands allow. */
export function channels(bands: readonly string[]): Channel[] {
  const known = roles(bands)
  const indices = INDICES.flatMap(([name, a, b]) => {
    const [first, second] = [known.get(a), known.get(b)]
    return first === undefined || second === undefined ? [] : [{ name, channel: [first, second] as const }]
  })
  return [...bands.map((name, band) => ({ name: name || `Band ${band + 1}`, channel: band })), ...indices]
}

export function same(a: Rgb, b: Rgb): boolean {
  return a.every((band, at) => band === b[at])
}

/** Query of the tile route; the stretch is left to the server unless all three bands have one. */
export function tileQuery(rgb: Rgb, bands: readonly string[], stretch: Readonly<Record<string, readonly [number, number]>>): string {
  const ends = rgb.map((band) => stretch[bands[band] ?? ''] ?? stretch[band])
  const query = `bands=${rgb.join(',')}`
  if (ends.some((end) => end === undefined)) return query
  return `${query}&stretch=${ends.map((end) => `${end![0]}:${end![1]}`).join(',')}`
}
