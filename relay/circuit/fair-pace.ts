import { AddressBudgets } from '../limits/address-budgets.ts'
import { Budget } from '../../src/core/tracker/budget.ts'

export interface PaceLimits {
  /** All relayed data together. */
  readonly bytesPerSecond: number
  /** What goes at full pace after a quiet while: at least a piece. */
  readonly burstBytes: number
  /** What one payer's circuits carry at full pace, and then each second. */
  readonly payerBurstBytes: number
  readonly payerBytesPerSecond: number
}

interface Piece {
  readonly bytes: number
  readonly go: () => void
}

/**
 * Shares a budget of bytes between payers: while there is enough everybody goes at once; where there is not, payers take
 * turns, a piece each, however many circuits each has. A machine: the time is an argument. [RL13]
 */
export class FairPace {
  readonly #all: Budget
  readonly #payers: AddressBudgets
  /** Those who wait, in the order of their turns. */
  readonly #lines = new Map<string, Piece[]>()
  #isTurning = false

  constructor(nowMs: number, { bytesPerSecond, burstBytes, payerBurstBytes, payerBytesPerSecond }: PaceLimits) {
    this.#all = new Budget(nowMs, burstBytes, bytesPerSecond)
    this.#payers = new AddressBudgets(payerBurstBytes, payerBytesPerSecond)
  }

  get isWaitedFor(): boolean {
    return this.#lines.size > 0
  }

  /** `go` is called when it is this piece's turn: at once where nothing is scarce. */
  ask(nowMs: number, payer: string, piece: Piece): void {
    const line = this.#lines.get(payer)
    if (line) line.push(piece)
    else this.#lines.set(payer, [piece])
    this.turn(nowMs)
  }

  /** Lets go what there is room for by now. */
  turn(nowMs: number): void {
    if (this.#isTurning) return // whoever goes asks for its next piece
    this.#isTurning = true
    let went = true
    while (went) {
      went = false
      for (const [payer, line] of [...this.#lines]) {
        if (!this.#spend(nowMs, payer, line[0]!.bytes)) continue
        went = true
        const { go } = line.shift()!
        // Its next turn comes after all others'.
        this.#lines.delete(payer)
        if (line.length > 0) this.#lines.set(payer, line)
        go()
      }
    }
    this.#isTurning = false
  }

  #spend(nowMs: number, payer: string, bytes: number): boolean {
    if (!this.#all.spend(nowMs, bytes)) return false
    if (this.#payers.spend(nowMs, payer, bytes)) return true
    this.#all.spend(nowMs, -bytes)
    return false
  }
}
