/** What a tool would do, before it is done: asked for anew with each change, applied or dropped. */
import { sentence } from './api'
import { amount } from './chips'
import { whenQuiet } from './dom'
import type { Params, Proposal } from './session'
import type { Where } from './where'

export interface Asked {
  tool: string
  params: Params
  where: Where
}

export interface Board {
  ask(asked: Asked, signal: AbortSignal): Promise<Proposal>
  /** Draw what would be changed; null to take it off. */
  show(proposal: Proposal | null, asked: Asked): void
  /** Into the option bar: the amount, or why there is none. */
  say(text: string, applicable: boolean): void
}

export class Preview {
  private asked: Asked | null = null
  private proposal: Proposal | null = null
  private asking = new AbortController()
  private readonly askSoon = whenQuiet(200, () => void this.fetch())

  constructor(private readonly board: Board) {}

  get open(): boolean {
    return this.asked !== null
  }

  ask(asked: Asked): void {
    this.asking.abort()
    this.asked = asked
    this.proposal = null
    this.board.say('…', false)
    this.askSoon()
  }

  /** What was shown, to be sent as an edit; null where nothing is. */
  take(): Asked | null {
    const taken = this.proposal && this.proposal.count > 0 ? this.asked : null
    this.drop()
    return taken
  }

  drop(): void {
    this.asking.abort()
    if (!this.asked) return
    const { asked } = this
    this.asked = this.proposal = null
    this.board.show(null, asked)
    this.board.say('', false)
  }

  private async fetch(): Promise<void> {
    const { asked } = this
    if (!asked) return
    const { signal } = (this.asking = new AbortController())
    try {
      const proposal = await this.board.ask(asked, signal)
      if (this.asked !== asked || signal.aborted) return
      this.proposal = proposal
      this.board.show(proposal, asked)
      this.board.say(told(proposal), proposal.count > 0)
    } catch (error) {
      if (this.asked !== asked || signal.aborted) return
      this.board.show(null, asked)
      this.board.say(sentence(error), false)
    }
  }
}

/** `+3.2 ml`, and what else there is to say. */
export function told({ amount: size, count, unit, note }: Proposal): string {
  if (count === 0) return note || 'Nothing would change.'
  const sign = size === 0 ? '±' : (size ?? 0) < 0 ? '−' : '+'
  const text = amount({ amount: size === null ? null : Math.abs(size), unit, count })
  return [`${sign}${text}`, note].filter(Boolean).join(' · ')
}
