import { type Panel, ROWS } from './panels.ts';

/** Grafana's grid has so many columns. */
const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 8;

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** deploy/grafana/dashboard.json, as Grafana 10 and later import it. */
export function dashboard(): string {
  const model = {
    uid: 'tamma-provider-openai',
    title: 'Tamma provider: OpenAI',
    tags: ['tamma'],
    timezone: '',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        variable('job', 'label_values(tamma_provider_active_calls, job)'),
        variable('instance', 'label_values(tamma_provider_active_calls{job=~"$job"}, instance)'),
      ],
    },
    panels: panels(),
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

function variable(name: string, query: string) {
  return {
    name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

function panels(): readonly object[] {
  const placed: object[] = [];
  let y = 0;
  for (const row of ROWS) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    const perLine = COLUMNS / WIDTH;
    row.panels.forEach((panel, i) => {
      const gridPos = {
        x: (i % perLine) * WIDTH,
        y: y + Math.floor(i / perLine) * HEIGHT,
        w: WIDTH,
        h: HEIGHT,
      };
      placed.push({ id: placed.length + 1, gridPos, ...timeSeries(panel) });
    });
    y += Math.ceil(row.panels.length / perLine) * HEIGHT;
  }
  return placed;
}

function timeSeries({ title, unit, description, queries }: Panel) {
  return {
    type: 'timeseries',
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
