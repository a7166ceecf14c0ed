/** One sample of a Prometheus text exposition. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with everything that was said of it. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/**
 * Parses the text format strictly: HELP, then TYPE, then the family's samples and no one else's; no
 * family and no series twice; every value a number; `quantile` only on summaries; counters end in
 * _total.
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("The text must end with a line feed")
  const families = new Map<string, Family>()
  const series = new Set<string>()
  let help: { name: string; text: string } | undefined
  let current: { name: string; family: Family } | undefined

  for (const line of text.split("\n").filter((each) => each !== "")) {
    if (line.startsWith("# HELP ")) {
      help = parseHelp(line)
      if (families.has(help.name)) throw new Error(`${help.name} comes twice`)
    } else if (line.startsWith("# TYPE ")) {
      const type = parseType(line, help?.name)
      current = { name: help?.name ?? "", family: { type, help: help?.text ?? "", samples: [] } }
      families.set(current.name, current.family)
    } else {
      const sample = parseSample(line)
      const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (series.has(key)) throw new Error(`The series ${key} comes twice`)
      series.add(key)
      if (current === undefined) throw new Error(`A sample before any TYPE: ${line}`)
      checkBelongs(sample, current.name, current.family.type)
      current.family.samples.push(sample)
    }
  }
  return families
}

function parseHelp(line: string): { name: string; text: string } {
  const [, name, text] = /^# HELP (\S+) (.+)$/.exec(line) ?? []
  if (name === undefined || text === undefined || !metricName.test(name)) {
    throw new Error(`Not a HELP line: ${line}`)
  }
  return { name, text }
}

function parseType(line: string, wanted: string | undefined): string {
  const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? []
  if (type === undefined || name !== wanted) throw new Error(`Not the TYPE of ${wanted}: ${line}`)
  return type
}

function parseSample(line: string): Sample {
  const [, name, labelText, valueText] = sampleLine.exec(line) ?? []
  if (name === undefined || valueText === undefined) throw new Error(`Not a sample: ${line}`)
  const value = /^[+-]?Inf$/.test(valueText) ? Number(`${valueText}inity`) : Number(valueText)
  if (Number.isNaN(value)) throw new Error(`Not a number: ${line}`)
  return { name, labels: parseLabels(labelText ?? ""), value }
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  while (labelPair.lastIndex < text.length) {
    const [, name, value] = labelPair.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Error(`Not labels: ${text}`)
    if (name in labels) throw new Error(`The label ${name} comes twice: ${text}`)
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped))
  }
  return labels
}

function checkBelongs(sample: Sample, family: string, type: string): void {
  const suffix = sample.name.slice(family.length)
  const allowed = type === "summary" ? ["", "_sum", "_count"] : [""]
  if (!sample.name.startsWith(family) || !allowed.includes(suffix)) {
    throw new Error(`${sample.name} stands under ${family}`)
  }
  if ("quantile" in sample.labels !== (type === "summary" && suffix === "")) {
    throw new Error(`${sample.name}: a summary, and nothing else, has the label quantile`)
  }
  if ((type === "counter") !== family.endsWith("_total")) {
    throw new Error(`${family}: counters, and nothing else, end in _total`)
  }
  if (type === "counter" && sample.value < 0) throw new Error(`${family} is negative`)
}
