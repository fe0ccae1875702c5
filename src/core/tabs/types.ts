import type { ErrorReport } from '../errors.ts'
import type { SetId } from '../ids.ts'

/** What a tab that follows asks of the one that leads. `fetch` is answered when the blocks are durable. */
export type TabCommand =
  | { readonly name: 'pause' | 'resume' | 'retry' | 'remove' }
  | { readonly name: 'keep'; readonly wanted: boolean; readonly copies?: number }
  | {
      readonly name: 'fetch'
      readonly reader: string
      readonly start: number
      readonly count: number
      readonly ahead: number
    }
  /** This reader wishes for nothing any more. */
  | { readonly name: 'rest'; readonly reader: string }

/** What tabs tell each other. `View`: what is shown of an item. */
export type TabMessage<View> =
  | { readonly type: 'hello'; readonly isAnswer: boolean }
  | { readonly type: 'view'; readonly id: SetId; readonly view: View }
  | { readonly type: 'gone'; readonly id: SetId }
  | {
      readonly type: 'call'
      readonly from: string
      readonly call: number
      readonly id: SetId
      readonly command: TabCommand
    }
  /** The call has come, and is under way. */
  | { readonly type: 'heard'; readonly to: string; readonly call: number }
  | { readonly type: 'answer'; readonly to: string; readonly call: number; readonly report?: ErrorReport }

export type TabsInput<View> =
  | { readonly type: 'begin' }
  /** The item is in this tab's library. */
  | { readonly type: 'have'; readonly id: SetId }
  /** It is no longer in this tab's library. */
  | { readonly type: 'drop'; readonly id: SetId }
  /** This tab led it and has removed it from the device. */
  | { readonly type: 'removed'; readonly id: SetId }
  | { readonly type: 'granted'; readonly id: SetId }
  /** Another tab took the lock away. */
  | { readonly type: 'lost'; readonly id: SetId }
  | { readonly type: 'view'; readonly id: SetId; readonly view: View }
  | { readonly type: 'ask'; readonly call: number; readonly id: SetId; readonly command: TabCommand }
  /** What `perform` came to. */
  | { readonly type: 'done'; readonly from: string; readonly call: number; readonly report?: ErrorReport }
  | { readonly type: 'message'; readonly message: TabMessage<View> }
  | { readonly type: 'wake' }

export type TabsEffect<View> =
  /** Ask for the lock; then `granted`, some time. With `steal`: take it away from whoever has it. */
  | { readonly type: 'lock'; readonly id: SetId; readonly steal: boolean }
  | { readonly type: 'unlock'; readonly id: SetId }
  | { readonly type: 'post'; readonly message: TabMessage<View> }
  /** This tab leads the item from now on, or follows again. */
  | { readonly type: 'lead' | 'follow'; readonly id: SetId }
  | { readonly type: 'show'; readonly id: SetId; readonly view: View }
  /** Another tab removed it. */
  | { readonly type: 'gone'; readonly id: SetId }
  /** Somebody came: `view` of everything that this tab leads. */
  | { readonly type: 'greet' }
  /** Then `done`. */
  | {
      readonly type: 'perform'
      readonly from: string
      readonly call: number
      readonly id: SetId
      readonly command: TabCommand
    }
  /** What was asked here is done, or failed. */
  | { readonly type: 'settle'; readonly call: number; readonly report?: ErrorReport }
