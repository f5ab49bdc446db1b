import { expect, test } from 'vitest'
import { isWanted } from './files'
import { bytesText, paceText, Progress } from './send'

test.each([['scan.nii.gz', true], ['dicom/IM001', true], ['.DS_Store', false], ['a/.hidden', false], ['a/Thumbs.db', false], ['__MACOSX/a', false]])(
  '%s is wanted: %s',
  (path, wanted) => expect(isWanted(path)).toBe(wanted),
)

test('progress counts all files, the speed the last seconds', () => {
  let clock = 0
  const progress = new Progress(400, () => clock)
  progress.after(0)
  clock = 2
  expect(progress.after(100)).toEqual({ part: 0.25, bytesPerSecond: 50, secondsLeft: 6 })
  progress.done(200)
  clock = 4
  expect(progress.after(0).part).toBe(0.5)
})

test('sizes and speeds for people', () => {
  expect([bytesText(300), bytesText(6_200_000), bytesText(3_500_000_000)]).toEqual(['1 kB', '6.2 MB', '3.50 GB'])
  expect(paceText({ part: 0, bytesPerSecond: 2e6, secondsLeft: 41.2 })).toBe('2.0 MB/s, 42 s left')
  expect(paceText({ part: 0, bytesPerSecond: 0, secondsLeft: NaN })).toBe('')
})
