import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { State } from './api'
import { EditQueue, type Edit, type Saving, type Server } from './queue'

const stored = new Map<string, string>()
const answers: (() => Response)[] = []
const asked: { url: string; base: number }[] = []

beforeEach(() => {
  vi.useFakeTimers()
  stored.clear()
  answers.length = 0
  asked.length = 0
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
  vi.stubGlobal('fetch', async () => answers.shift()!())
})
afterEach(() => vi.useRealTimers())

function stateAt(revision: number): State {
  return { revision, generation: 0, saved: '2024-01-01T00:00:00Z', source: '', can_undo: true, can_redo: false, labels: [], box: null, runs: null, reload: false, probability: null }
}

const ok = (revision: number) => () => Response.json(stateAt(revision))
const no = (status: number, message = '') => () => Response.json({ error: { code: 'SV-EDIT-001', message } }, { status })
const offline = () => {
  throw new TypeError('Failed to fetch')
}

function serve(onServer: () => number = () => 0) {
  const reports: Saving[] = []
  const acknowledged: Edit[] = []
  const server: Server = {
    request: (edit, base) => {
      asked.push({ url: edit.payload, base })
      return { url: '/edits', init: {} }
    },
    acknowledge: (edit) => void acknowledged.push(edit),
    reload: async () => stateAt(onServer()),
    report: (saving) => void reports.push(saving),
    tell: () => undefined,
  }
  return { queue: new EditQueue(server, 'q'), reports, acknowledged }
}

test('edits go one by one, each on the revision of the answer before', async () => {
  const { queue, acknowledged, reports } = serve()
  answers.push(ok(1), ok(2), ok(3))
  for (const name of ['a', 'b', 'c']) queue.add('stroke', 'brush', name)
  await vi.runAllTimersAsync()
  expect(asked).toEqual([{ url: 'a', base: 0 }, { url: 'b', base: 1 }, { url: 'c', base: 2 }])
  expect(acknowledged).toHaveLength(3)
  expect(reports.at(-1)).toEqual({ state: 'saved', when: new Date('2024-01-01T00:00:00Z') })
})

test('a lost connection keeps the edit, says so and tries again', async () => {
  const { queue, reports, acknowledged } = serve()
  answers.push(offline, no(500), ok(1))
  queue.add('stroke', 'brush', 'a')
  await vi.advanceTimersByTimeAsync(10)
  expect(reports.at(-1)?.state).toBe('waiting')
  expect(stored.get('q')).toContain('"a"')
  await vi.runAllTimersAsync()
  expect(asked).toHaveLength(3)
  expect(acknowledged.map(({ uuid }) => uuid)).toHaveLength(1)
  expect(stored.has('q')).toBe(false)
})

test('a conflict loads the mask again and replays the stroke on its revision', async () => {
  const { queue } = serve(() => 7)
  answers.push(no(409), ok(8))
  queue.add('stroke', 'brush', 'a')
  await vi.runAllTimersAsync()
  expect(asked).toEqual([{ url: 'a', base: 0 }, { url: 'a', base: 7 }])
  expect(queue.revision).toBe(8)
})

test('an undo is not replayed onto work of somebody else', async () => {
  const { queue } = serve(() => 7)
  answers.push(no(409))
  queue.add('undo', 'undo')
  await vi.runAllTimersAsync()
  expect(asked).toHaveLength(1)
  expect(queue.pending).toHaveLength(0)
})

test('what the server refuses is dropped with its sentence', async () => {
  const { queue, reports } = serve()
  answers.push(no(400, 'This label is not in the legend.'))
  queue.add('stroke', 'brush', 'a')
  await vi.runAllTimersAsync()
  expect(reports).toContainEqual({ state: 'refused', why: 'This label is not in the legend.' })
  expect(queue.pending).toHaveLength(0)
})

test('edits of an earlier page are sent by the next one', async () => {
  stored.set('q', JSON.stringify([{ uuid: 'u', kind: 'stroke', tool: 'brush', payload: 'old' }]))
  const { queue, acknowledged } = serve()
  queue.revision = 5
  answers.push(ok(6))
  await queue.run()
  expect(asked).toEqual([{ url: 'old', base: 5 }])
  expect(acknowledged[0]?.uuid).toBe('u')
})
