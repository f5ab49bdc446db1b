/** The numbers of a paletted PNG, which a browser would turn into colours. */

const SIGNATURE = 8
const NO_MASK = 'The tile did not arrive as a mask; load the page again.'

/** Palette indices row by row, of a PNG of 8 bits without interlacing. Throws an Error of any other. */
export async function indices(png: ArrayBuffer): Promise<{ width: number; cells: Uint8Array<ArrayBuffer> }> {
  const view = new DataView(png)
  const data: ArrayBuffer[] = []
  let width = 0
  for (let at = SIGNATURE; at + 12 <= png.byteLength; ) {
    const [length, name] = [view.getUint32(at), String.fromCharCode(...new Uint8Array(png, at + 4, 4))]
    if (name === 'IHDR') width = headerOf(view, at + 8)
    if (name === 'IDAT') data.push(png.slice(at + 8, at + 8 + length))
    at += 12 + length
  }
  if (width === 0) throw new Error(NO_MASK)
  const stream = new Blob(data).stream().pipeThrough(new DecompressionStream('deflate'))
  return { width, cells: unfiltered(new Uint8Array(await new Response(stream).arrayBuffer()), width) }
}

/** The width, where the pixels are bytes that index a palette. */
function headerOf(view: DataView, at: number): number {
  const [depth, kind, interlaced] = [8, 9, 12].map((step) => view.getUint8(at + step))
  if (depth !== 8 || kind !== 3 || interlaced !== 0) throw new Error(NO_MASK)
  return view.getUint32(at)
}

/** Rows without the filter that each names in its first byte (PNG, section 9). */
export function unfiltered(lines: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const rows = Math.floor(lines.length / (width + 1))
  const cells = new Uint8Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const filter = lines[row * (width + 1)]!
    for (let column = 0; column < width; column++) {
      const at = row * width + column
      const left = column > 0 ? cells[at - 1]! : 0
      const up = row > 0 ? cells[at - width]! : 0
      const corner = column > 0 && row > 0 ? cells[at - width - 1]! : 0
      cells[at] = lines[at + row + 1]! + predicted(filter, left, up, corner)
    }
  }
  return cells
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0: return 0
    case 1: return left
    case 2: return up
    case 3: return (left + up) >> 1
    case 4: return paeth(left, up, corner)
    default: throw new Error(NO_MASK)
  } // prettier-ignore
}

/** Whichever of the three is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}
