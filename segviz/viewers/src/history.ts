/** The history of a mask as a list: newest on top, a click goes to the state after a step. */
import { askJson, sentence, type State } from './api'
import { ask, onState } from './bus'
import { component, type Viewer } from './component'
import { h } from './dom'
import { ago, atLast, inForce, merged, type Operation } from './history/operations'

export interface HistoryProps {
  /** Address of the layer's routes. */
  url: string
  state: Pick<State, 'revision'> & { operations: Operation[] }
  author?: string
}

class HistoryList implements Viewer<HistoryProps> {
  readonly root: HTMLElement
  private readonly list = h('div', { class: 'sv-history', role: 'group', 'aria-label': 'History' })
  private readonly told = h('p', { class: 'sv-quiet', role: 'status', hidden: true })
  private operations: readonly Operation[] = []
  private revision = -1
  private readonly stop: () => void
  private readonly clock: number

  constructor(private readonly props: HistoryProps) {
    this.root = h('div', { class: 'sv-steps' }, this.list, this.told)
    this.stop = onState(props.url, (state) => this.follow(state as unknown as HistoryProps['state']))
    this.clock = window.setInterval(() => this.draw(), 60_000)
  }

  update({ state }: HistoryProps): void {
    if (state.revision > this.revision) this.follow(state)
  }

  destroy(): void {
    this.stop()
    clearInterval(this.clock)
  }

  private follow({ revision, operations }: HistoryProps['state']): void {
    this.revision = revision
    this.operations = merged(this.operations, operations)
    this.draw()
  }

  private draw(): void {
    const present = inForce(this.operations)
    const focused = this.focused()
    const steps = this.operations.map((operation) => this.step(operation, operation.position === present)).reverse()
    const first = this.operations[0]
    this.list.replaceChildren(...steps, first && first.position > 1 ? this.earlier(first.seq) : '', this.first(present === 0))
    this.list.querySelector<HTMLElement>(`[data-position="${focused}"]`)?.focus()
  }

  private focused(): string | undefined {
    return (this.list.querySelector(':focus') as HTMLElement | null)?.dataset['position']
  }

  private step(operation: Operation, isPresent: boolean): HTMLElement {
    const { position, title, author, when, tool, done } = operation
    const at = new Date(when)
    return this.row(
      position,
      isPresent,
      { class: done ? 'sv-step' : 'sv-step undone', title: [title, tool, author, at.toLocaleString('en-GB')].filter(Boolean).join('\n') },
      h('span', {}, title),
      h('small', {}, h('i', {}, author), ago(at, new Date())),
    )
  }

  private first(isPresent: boolean): HTMLElement {
    return this.row(0, isPresent, { class: 'sv-step', title: 'As the mask was before the first step' }, h('span', {}, 'First version'))
  }

  private row(position: number, isPresent: boolean, attributes: Record<string, string>, ...children: Node[]): HTMLElement {
    return h(
      'button',
      {
        type: 'button',
        'data-position': position,
        'aria-current': isPresent ? 'step' : undefined,
        onclick: () => isPresent || this.jump(position),
        ...attributes,
      },
      ...children,
    )
  }

  private jump(position: number): void {
    ask(this.props.url, { kind: 'jump', payload: { position } })
  }

  private earlier(before: number): HTMLElement {
    return h('button', { type: 'button', class: 'sv-earlier', onclick: () => void this.fetch(before) }, 'Show earlier')
  }

  private async fetch(before: number): Promise<void> {
    try {
      const { operations } = await askJson<{ operations: Operation[] }>(`${this.props.url}/operations?before=${before}`)
      this.operations = atLast(operations, this.operations)
      this.told.hidden = true
      this.draw()
    } catch (error) {
      this.told.textContent = sentence(error)
      this.told.hidden = false
    }
  }
}

export default component(
  ({ url }: HistoryProps) => url,
  (props) => new HistoryList(props),
)
