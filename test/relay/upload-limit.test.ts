import { describe, expect, it } from 'vitest'
import { BadCommand } from '../../relay/errors.ts'
import { uploadLimitOf } from '../../relay/upload-limit.ts'

describe('--upload-limit', () => {
  it('takes bytes a second, or thousands, or millions of them', () => {
    expect(uploadLimitOf(undefined)).toBeUndefined()
    expect(uploadLimitOf('500000')?.bytesPerSecond).toBe(500_000)
    expect(uploadLimitOf('500k')?.bytesPerSecond).toBe(500_000)
    expect(uploadLimitOf('2M')?.bytesPerSecond).toBe(2_000_000)
  })

  it('says what it takes when it is given anything else', () => {
    for (const text of ['', '0', '-1', '1.5M', '2G', 'fast', '9'.repeat(20)]) {
      expect(() => uploadLimitOf(text)).toThrow(BadCommand)
    }
  })
})
