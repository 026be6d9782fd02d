/** Shows how loud a microphone is in a `<meter>`, so that people see that they are heard. */
export class LevelMeter {
  #meter;
  /** @type {AudioContext | null} */
  #context = null;
  #timer = 0;

  /** @param {HTMLMeterElement} meter */
  constructor(meter) {
    this.#meter = meter;
  }

  /** @param {MediaStreamTrack | null} track */
  follow(track) {
    this.stop();
    if (!track) return;
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#context = context;
    this.#timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      this.#meter.value = Math.min(1, Math.sqrt(rms * 4));
    }, 100);
  }

  stop() {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
    this.#meter.value = 0;
  }
}
