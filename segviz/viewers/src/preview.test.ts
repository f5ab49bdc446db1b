import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Preview, told, type Asked } from './preview'
import type { Proposal } from './session'
import { ANYWHERE } from './where'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('window', globalThis)
})
afterEach(() => vi.useRealTimers())

const proposal: Proposal = { runs: 'AQEB', count: 7, amount: 3.24, unit: 'ml', title: '', note: '' }
const asked = (tolerance: number): Asked => ({ tool: 'grow', params: { tolerance }, where: ANYWHERE })

function board(answer: (asked: Asked) => Promise<Proposal>) {
  const asks: number[] = []
  const shown: (Proposal | null)[] = []
  const said: [string, boolean][] = []
  const preview = new Preview({
    ask: (asked) => (asks.push(asked.params['tolerance'] as number), answer(asked)),
    show: (proposal) => void shown.push(proposal),
    say: (text, applicable) => void said.push([text, applicable]),
  })
  return { preview, asks, shown, said }
}

test('quick changes ask once, for the last', async () => {
  const { preview, asks, said } = board(async () => proposal)
  for (const tolerance of [1, 2, 3]) preview.ask(asked(tolerance))
  await vi.runAllTimersAsync()
  expect(asks).toEqual([3])
  expect(said.at(-1)).toEqual(['+3.24 ml', true])
})

test('what is applied stays on the screen, what is dropped goes', async () => {
  const { preview, shown } = board(async () => proposal)
  preview.ask(asked(1))
  await vi.runAllTimersAsync()
  expect(preview.take()).toEqual(asked(1))
  expect([shown, preview.open]).toEqual([[proposal], false])
  preview.ask(asked(2))
  await vi.runAllTimersAsync()
  preview.drop()
  expect(shown.at(-1)).toBeNull()
})

test('an answer that comes after Esc is not shown', async () => {
  let answer: (proposal: Proposal) => void = () => undefined
  const { preview, shown } = board(() => new Promise((resolve) => (answer = resolve)))
  preview.ask(asked(1))
  await vi.runAllTimersAsync()
  preview.drop()
  answer(proposal)
  await vi.runAllTimersAsync()
  expect(shown).toEqual([null])
  expect(preview.take()).toBeNull()
})

test('nothing can be applied where nothing would change, or the server says why', async () => {
  const { preview, said } = board(async () => ({ ...proposal, count: 0, note: 'All of it is locked.' }))
  preview.ask(asked(1))
  await vi.runAllTimersAsync()
  expect(said.at(-1)).toEqual(['All of it is locked.', false])
  expect(preview.take()).toBeNull()
})

test('a proposal says by how much, or why nothing would change', () => {
  expect(told({ ...proposal, amount: -12.34, note: 'It touches the border.' })).toBe('−12.3 ml · It touches the border.')
  expect(told({ ...proposal, amount: 0 })).toBe('±0 ml')
  expect(told({ ...proposal, count: 0 })).toBe('Nothing would change.')
})
