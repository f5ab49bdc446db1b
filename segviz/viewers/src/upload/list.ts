/** The files on their way: one line each, one bar for all. */
import { h } from '../dom'
import type { Named } from './files'
import { bytesText, paceText, type Pace } from './send'

interface Line {
  root: HTMLElement
  text: HTMLElement
  bar: HTMLElement
}

/** More lines than this help nobody; a DICOM folder has hundreds of files. */
const SHOWN = 40

export class List {
  readonly root: HTMLElement
  private readonly title = h('b')
  private readonly pace = h('span')
  private readonly bar = h('i')
  private readonly note = h('p', { class: 'sv-quiet', role: 'status' })
  private readonly lines: Line[]
  private readonly cancel: HTMLButtonElement
  private readonly retry: HTMLButtonElement
  private readonly again: HTMLButtonElement

  constructor(files: readonly Named[], total: number, onCancel: () => void, onRetry: () => void, onAgain: () => void) {
    this.lines = files.slice(0, SHOWN).map(line)
    this.cancel = h('button', { class: 'sv-plain', type: 'button', onclick: onCancel }, 'Cancel')
    this.retry = h('button', { class: 'sv-plain sv-primary', type: 'button', hidden: true, onclick: onRetry }, 'Retry')
    this.again = h('button', { class: 'sv-plain', type: 'button', hidden: true, onclick: onAgain }, 'Choose others')
    const count = files.length === 1 ? files[0]!.path : `${files.length} files`
    this.title.textContent = `${count}, ${bytesText(total)}`
    const more = files.length - this.lines.length
    this.root = h(
      'div',
      { class: 'sv-sending' },
      h('header', {}, this.title, this.pace, this.retry, this.again, this.cancel),
      h('div', { class: 'sv-line' }, this.bar),
      files.length > 1 && h('ol', {}, ...this.lines.map(({ root }) => root)),
      more > 0 && h('p', { class: 'sv-quiet' }, `and ${more} more`),
      this.note,
    )
  }

  sending(index: number, part: number, pace: Pace): void {
    const line = this.lines[index]
    if (line) {
      line.text.textContent = `${Math.floor(part * 100)} %`
      line.bar.style.width = `${part * 100}%`
    }
    this.bar.style.width = `${pace.part * 100}%`
    this.pace.textContent = paceText(pace)
  }

  sent(index: number): void {
    const line = this.lines[index]
    if (!line) return
    line.root.dataset['state'] = 'sent'
    line.text.textContent = '✓'
    line.bar.style.width = '100%'
  }

  failed(index: number, message: string): void {
    const line = this.lines[index]
    if (!line) return
    line.root.dataset['state'] = 'failed'
    line.text.textContent = 'not sent'
    line.text.title = message
  }

  finished(): void {
    this.bar.style.width = '100%'
    this.pace.textContent = ''
    this.cancel.hidden = true
    this.again.hidden = false
    this.note.textContent = 'All files have arrived.'
  }

  stopped(message: string): void {
    this.pace.textContent = ''
    this.cancel.hidden = true
    this.retry.hidden = false
    this.again.hidden = false
    this.note.textContent = message
  }
}

function line({ path, file }: Named): Line {
  const text = h('em', {}, bytesText(file.size))
  const bar = h('i')
  return { root: h('li', {}, h('span', { title: path }, path), text, h('div', { class: 'sv-line' }, bar)), text, bar }
}
