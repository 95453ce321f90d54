import { expect, test } from 'vitest'
import { parseCommand } from '../../app/repository/command.ts'

const SHA = '0123456789abcdef0123456789abcdef01234567'
const fence = '```'

test.each([
  ['/tagsale recheck', { name: 'recheck' }],
  ['Thanks!\r\n/tagsale recheck\r\n', { name: 'recheck' }],
  [`/tagsale approve ${SHA}`, { name: 'approve', sha: SHA }],
  [`/tagsale approve ${SHA.toUpperCase()}`, { name: 'approve', sha: SHA }],
  [`/tagsale approve ${SHA.slice(0, 12)}`, { name: 'unknown', word: 'approve' }],
  ['/tagsale approve abc', { name: 'unknown', word: 'approve' }],
  [`/tagsale approve ${SHA} and more`, { name: 'unknown', word: 'approve' }],
  ['/tagsale', { name: 'unknown', word: '' }],
  ['/tagsale <b>@all', { name: 'unknown', word: 'ball' }],
  [`${fence}\n/tagsale recheck\n${fence}\n/tagsale approve ${SHA}`, { name: 'approve', sha: SHA }],
])('%j is a command', (body, command) => expect(parseCommand(body)).toEqual(command))

test.each([
  'Please write /tagsale recheck',
  '> /tagsale recheck',
  '    /tagsale recheck',
  '/tagsalerecheck',
  `${fence}\n/tagsale recheck\n${fence}`,
  `~~~~\n/tagsale recheck\n~~~\n/tagsale recheck`,
  '',
])('%j is none', (body) => expect(parseCommand(body)).toBeUndefined())
