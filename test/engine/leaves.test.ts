import { expect, it } from 'vitest'
import { Bitmap } from '../../src/core/block/bitmap.ts'
import { leavesDrawnMax } from '../../src/core/limits.ts'
import { LeavesDrawing } from '../../src/engine/view.ts'

const nobody = (): number => 0

it('draws each leaf by its share and by who sent most of it', () => {
  const held = new Bitmap(leavesDrawnMax * 4 - 2)
  held.setRange({ start: 0, count: 4 })
  held.setRange({ start: 4, count: 3 })
  held.setRange({ start: held.size - 2, count: 2 })
  const { blocksPerLeaf, levels, owners } = new LeavesDrawing().draw(held, (index) => (index === 4 ? 1 : 2))
  expect(blocksPerLeaf).toBe(4)
  expect([levels[0], levels[1], levels[2], levels.at(-1)]).toEqual([255, 191, 0, 255])
  expect([owners[0], owners[1], owners[2], owners.at(-1)]).toEqual([2, 2, 0, 2])
})

it('draws anew what changed, and asks of nothing else', () => {
  const held = new Bitmap(leavesDrawnMax * 2)
  held.setRange({ start: 0, count: 100 })
  const drawing = new LeavesDrawing()
  const before = drawing.draw(held, nobody)
  held.setRange({ start: 100, count: 1 })
  held.clear(0)
  const asked: number[] = []
  const after = drawing.draw(held, (index) => {
    asked.push(index)
    return 3
  })
  expect(asked).toEqual([1, 100])
  expect([after.levels[0], after.levels[50], after.owners[50]]).toEqual([127, 127, 3])
  expect([before.levels[0], before.levels[50]]).toEqual([255, 0])
})

it('begins again with another bitmap', () => {
  const drawing = new LeavesDrawing()
  drawing.draw(Bitmap.full(10), nobody)
  expect(drawing.draw(new Bitmap(3), nobody).levels).toEqual(new Uint8Array(3))
})
