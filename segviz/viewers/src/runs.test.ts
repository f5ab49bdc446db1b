import { expect, test } from 'vitest'
import { apply, decode, encode, fromBase64, over, runsOf, toBase64 } from './runs'

test('cells become runs of consecutive ones', () => {
  expect(runsOf([3, 4, 5, 9], 2)).toEqual([
    { start: 3, length: 3, label: 2 },
    { start: 9, length: 1, label: 2 },
  ])
})

test('bytes are gap, length and label; the gap counts from the end of the run before', () => {
  expect([...encode(runsOf([3, 4, 5, 9], 2))]).toEqual([3, 3, 2, 3, 1, 2])
})

test('numbers from 128 take a second byte, seven bits each, the lowest first', () => {
  expect([...encode([{ start: 300, length: 128, label: 1 }])]).toEqual([0xac, 0x02, 0x80, 0x01, 1])
})

test.each([[[]], [[0]], [[0, 1, 2]], [[127, 128, 16383, 16384, 70_000_000, 2 ** 31 + 5]]])('decode undoes encode for %j', (cells) => {
  const runs = runsOf(cells, 255)
  expect(decode(encode(runs))).toEqual(runs)
})

test('bytes that end inside a run are refused', () => {
  expect(() => decode(Uint8Array.of(3, 3))).toThrow(RangeError)
  expect(() => decode(Uint8Array.of(0x80))).toThrow(RangeError)
})

test('apply writes the new labels and nothing else', () => {
  const mask = new Uint8Array(6).fill(7)
  apply(runsOf([1, 2, 4], 3), mask)
  expect([...mask]).toEqual([7, 3, 3, 7, 3, 7])
})

test('base64 there and back', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(fromBase64(toBase64(bytes))).toEqual(bytes)
})

test('later runs lie on top of earlier ones, each cell once', () => {
  const mask = new Uint8Array(8)
  const runs = over(runsOf([1, 2, 3], 1), [...runsOf([3, 4], 2), ...runsOf([4], 0)])
  apply(runs, mask)
  expect([...mask]).toEqual([0, 1, 1, 2, 0, 0, 0, 0])
  expect(runs.map(({ start }) => start)).toEqual([1, 2, 3, 4])
})
