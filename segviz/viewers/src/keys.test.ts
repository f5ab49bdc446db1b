import { describe, expect, test } from 'vitest'
import { actionOf, KEYS, shown, type KeyPress } from './keys'

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more }
}

describe.each(['volume', 'map'] as const)('the keys of a %s', (world) => {
  test('no key means two things', () => {
    const keys = KEYS.filter((row) => row.worlds?.includes(world) ?? true).flatMap((row) => row.keys)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('undo and redo by Ctrl or Cmd', () => {
    expect(actionOf(press('z', { ctrlKey: true }), world)?.action).toBe('undo')
    expect(actionOf(press('z', { metaKey: true }), world)?.action).toBe('undo')
    expect(actionOf(press('Z', { ctrlKey: true, shiftKey: true }), world)?.action).toBe('redo')
    expect(actionOf(press('y', { ctrlKey: true }), world)?.action).toBe('redo')
  })

  test('a digit chooses the label', () => {
    expect(actionOf(press('3'), world)).toEqual({ action: 'label', label: 3 })
  })

  test('Ctrl and Alt with a letter belong to the browser', () => {
    expect(actionOf(press('s', { ctrlKey: true }), world)).toBeNull()
    expect(actionOf(press('b', { altKey: true }), world)).toBeNull()
  })
})

test('a key of the other world does nothing', () => {
  expect(actionOf(press('n'), 'map')).toBeNull()
  expect(actionOf(press('w'), 'map')).toBeNull()
})

test('keys are written as on the keyboard', () => {
  expect(shown('brush')).toBe('B')
  expect(shown('undo')).toBe('Ctrl+Z')
  expect(shown('smaller')).toBe('[')
})
