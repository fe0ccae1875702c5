import type { Page } from 'playwright'

/** A few seconds of WebM, some 2 MB, made by the browser itself: a picture that never repeats. */
export async function recordVideo(page: Page, lengthMs = 4_000): Promise<Buffer> {
  const base64 = await page.evaluate(async (recordMs) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
    const context = canvas.getContext('2d')!
    const recorder = new MediaRecorder(canvas.captureStream(25), {
      mimeType: 'video/webm;codecs=vp8',
      videoBitsPerSecond: 4_000_000
    })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    const stopped = new Promise((resolve) => (recorder.onstop = resolve))
    recorder.start()
    const startMs = performance.now()
    let squares = 0
    await new Promise<void>((resolve) => {
      const draw = () => {
        for (const end = squares + 60; squares < end; squares++) {
          context.fillStyle = `hsl(${(squares * 137) % 360} 80% 50%)`
          context.fillRect((squares * 7_919) % 640, (squares * 104_729) % 360, 80, 80)
        }
        if (performance.now() - startMs < recordMs) requestAnimationFrame(draw)
        else resolve()
      }
      draw()
    })
    recorder.stop()
    await stopped
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
    return btoa(text)
  }, lengthMs)
  return Buffer.from(base64, 'base64')
}
