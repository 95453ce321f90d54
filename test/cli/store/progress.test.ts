import { expect, it } from 'vitest'
import { progressOn } from '../../../app/cli/store/progress.ts'

function shownOn(isScreen: boolean, all: number): string {
  const shown: string[] = []
  const tell = progressOn({ out: () => {}, error: (text) => void shown.push(text), isScreen })
  for (let done = 0; done <= all; done += 100) tell({ doing: 'copied', done, all })
  return shown.join('')
}

it('is one line on a screen, written over with each per cent', () => {
  const lines = shownOn(true, 10_000).split('\r')
  expect(lines).toHaveLength(1 + 101)
  expect(lines[51]).toBe(`[${'#'.repeat(15)}${' '.repeat(15)}]  50 % copied`)
  expect(lines[101]).toBe(`[${'#'.repeat(30)}] 100 % copied\n`)
})

it('is a few lines elsewhere, however much there is', () => {
  expect(shownOn(false, 100_000)).toBe('0 % copied\n25 % copied\n50 % copied\n75 % copied\n100 % copied\n')
})

it('of nothing is all of it', () => {
  expect(shownOn(false, 0)).toBe('100 % copied\n')
})
