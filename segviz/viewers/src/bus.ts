/** How the components of one page, each a bundle of its own, hear of a layer and ask for its change. */
import type { State } from './api'

export interface Ask {
  kind: 'undo' | 'redo' | 'jump' | 'label' | 'tool'
  /** jump: `{ position }`; label: `{ change, ... }`; tool: `{ tool, params, where }`. */
  payload?: Record<string, unknown>
}

type Stop = () => void

/** A session has taken over what the server says of a layer. */
export function announce(url: string, state: State): void {
  send('segviz:state', { url, state })
}

export function onState(url: string, work: (state: State) => void): Stop {
  return listen<{ url: string; state: State }>('segviz:state', (said) => said.url === url && work(said.state))
}

/** Ask the session of a layer for an edit; nothing happens where no viewer shows that layer. */
export function ask(url: string, { kind, payload = {} }: Ask): void {
  send('segviz:ask', { url, kind, payload })
}

export function onAsk(url: string, work: (ask: Required<Ask>) => void): Stop {
  return listen<Required<Ask> & { url: string }>('segviz:ask', (said) => said.url === url && work(said))
}

function send(name: string, detail: unknown): void {
  window.dispatchEvent(new CustomEvent(name, { detail }))
}

function listen<T>(name: string, work: (detail: T) => void): Stop {
  const heard = (event: Event) => work((event as CustomEvent<T>).detail)
  window.addEventListener(name, heard)
  return () => window.removeEventListener(name, heard)
}
