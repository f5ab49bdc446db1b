/** Two people changed the same cells: who did what, both to look at, four ways to go on. */
import type { Conflict } from './api'
import { h } from './dom'
import type { Choice } from './queue'

const CHOICES: readonly { choice: Choice; name: string; title: string }[] = [
  { choice: 'theirs', name: 'Theirs', title: 'The mask as they left it; your unsaved edits are dropped' },
  { choice: 'mine', name: 'Mine on top', title: 'Your edits again, on top of theirs' },
  { choice: 'union', name: 'Both', title: 'Your edits only where nothing is marked; nothing is erased' },
  { choice: 'own', name: 'My own layer', title: 'Your edits in a layer of your own; theirs stays as it is' },
]

/** Ask until one is chosen; `look` draws the mask with their changes alone, or with the edits on top. */
export function askConflict(
  stage: HTMLElement,
  conflict: Conflict,
  edits: number,
  look: (theirs: boolean) => void,
): Promise<Choice> {
  return new Promise((resolve) => {
    const before = (stage.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null
    const choose = (choice: Choice) => {
      dialog.remove()
      before?.focus?.({ preventScroll: true })
      resolve(choice)
    }
    let theirs = false
    const toggle = h('button', { class: 'sv-plain', type: 'button', 'aria-pressed': 'false' }, 'Look at theirs')
    toggle.addEventListener('click', () => {
      theirs = !theirs
      toggle.setAttribute('aria-pressed', String(theirs))
      toggle.textContent = theirs ? 'Look at mine' : 'Look at theirs'
      look(theirs)
    })
    const dialog = h(
      'div',
      { class: 'sv-conflict', role: 'alertdialog', 'aria-modal': 'true', 'aria-label': 'Changed by somebody else' },
      h('h4', {}, 'Somebody else changed the same place'),
      h('p', {}, summary(conflict, edits)),
      h('ul', {}, ...conflict.operations.map((operation) => h('li', {}, line(operation)))),
      toggle,
      ...CHOICES.map(({ choice, name, title }) =>
        h('button', { class: 'sv-choice', type: 'button', 'data-choice': choice, onclick: () => choose(choice) }, h('b', {}, name), h('span', {}, title)),
      ),
    )
    dialog.addEventListener('keydown', (event) => keep(event, dialog))
    stage.append(dialog)
    toggle.focus({ preventScroll: true })
  })
}

/** `12 of the cells …; 2 edits wait.` */
export function summary({ cells }: Conflict, edits: number): string {
  const where = cells > 0 ? `${cells.toLocaleString('en')} cells that you changed are different by now. ` : ''
  return `${where}${edits === 1 ? 'Your last edit waits' : `Your last ${edits} edits wait`} until you choose.`
}

function line({ title, author, when }: Conflict['operations'][number]): string {
  const time = new Date(when)
  const told = Number.isNaN(time.getTime()) ? '' : time.toLocaleTimeString('en-GB')
  return [title, author, told].filter(Boolean).join(' · ')
}

/** Arrows and Tab go round inside; no key reaches the tools behind. */
function keep(event: KeyboardEvent, dialog: HTMLElement): void {
  event.stopPropagation()
  const buttons = [...dialog.querySelectorAll('button')]
  const at = buttons.indexOf(event.composedPath()[0] as HTMLButtonElement)
  const back = event.key === 'ArrowUp' || (event.key === 'Tab' && event.shiftKey)
  if (!back && event.key !== 'ArrowDown' && event.key !== 'Tab') return
  event.preventDefault()
  buttons.at((at + (back ? -1 : 1)) % buttons.length)?.focus()
}
