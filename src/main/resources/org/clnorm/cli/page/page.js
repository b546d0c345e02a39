'use strict';

// What the page shows is in the element "data": the rows of bench --json, the workloads that get bars, the axes' names.
const data = JSON.parse(document.getElementById('data').textContent);
const passes = ['forward', 'backward'];
const peers = [...new Set(data.rows.flatMap(row => (row.peers || []).map(times => times.peer)))];
const sides = ['CLNorm', ...peers];
const mono = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
let charts = [];

const color = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const seriesColor = index => color('series-' + index % 5);
const micros = value => value === null ? '–'
    : value.toLocaleString('en', value < 100 ? {maximumFractionDigits: 2} : {maximumFractionDigits: 0}) + ' µs';
const count = value => value.toLocaleString('en');

function element(name, parent, properties = {}) {
    return parent.appendChild(Object.assign(document.createElement(name), properties));
}

// A copy of x to y would move this pass's tensors in copy_fraction times the pass's own time.
const fractionAt = (row, time) => row.copy_fraction * row.median_us / time;
const peerOf = (row, name) => (row.peers || []).find(times => times.peer === name);

// By the caller's clock; where a peer took turns with us, in the same rounds as the peer.
function wallFraction(row, side) {
    if (side !== 'CLNorm') {
        const times = peerOf(row, side);
        return times ? fractionAt(row, times.wall_median_us) : null;
    }
    return fractionAt(row, row.peers ? row.peers[0].our_wall_median_us : row.wall_median_us);
}

function describe(row) {
    const lines = ['kernels ' + micros(row.median_us) + ' (min ' + micros(row.min_us) + '), '
        + row.gb_per_s.toFixed(1) + ' GB/s, ' + row.copy_fraction.toFixed(2) + ' of a copy',
        'wall ' + micros(row.wall_median_us) + ', ' + wallFraction(row, 'CLNorm').toFixed(2) + ' of a copy',
        'variant ' + row.variant];
    for (const times of row.peers || []) {
        lines.push(times.peer + ' ' + micros(times.wall_median_us) + ', CLNorm '
            + micros(times.our_wall_median_us) + ': '
            + times.median_ratio.toFixed(2) + '× (by minima ' + times.min_ratio.toFixed(2) + '×)');
    }
    return lines;
}

// A disturbed machine makes one of the two large for a moment; a length that is slow shows it in both.
const ratioOf = step => Math.min(step.median_ratio, step.min_ratio);

function describeStep(point) {
    const step = point.step;
    return step.length === step.neighbour ? []
        : [step.median_ratio.toFixed(2) + '× the time per byte of ' + count(step.neighbour) + ' (by minima '
            + step.min_ratio.toFixed(2) + '×)'];
}

// ---- drawn over the charts

// The line at 1: the speed of a copy, or of CLNorm where a peer is compared with it.
const unity = {
    id: 'unity',
    afterDatasetsDraw(chart) {
        const axis = chart.options.unity;
        if (!axis) {
            return;
        }
        const {ctx, chartArea: area} = chart;
        const at = chart.scales[axis].getPixelForValue(1);
        ctx.save();
        ctx.strokeStyle = color('copy');
        ctx.setLineDash([5, 4]);
        ctx.lineWidth = 1.5;
        ctx.beginPath();
        ctx.moveTo(axis === 'x' ? at : area.left, axis === 'x' ? area.top : at);
        ctx.lineTo(axis === 'x' ? at : area.right, axis === 'x' ? area.bottom : at);
        ctx.stroke();
        ctx.restore();
    }
};

// On the bars: a diamond for the kernels alone, and how many times as long the peer took.
const marks = {
    id: 'marks',
    afterDatasetsDraw(chart) {
        const rows = chart.options.rows;
        if (!rows) {
            return;
        }
        const {ctx, scales} = chart;
        ctx.save();
        ctx.font = '600 11px system-ui, sans-serif';
        ctx.textBaseline = 'middle';
        chart.data.datasets.forEach((set, index) => chart.getDatasetMeta(index).data.forEach((bar, i) => {
            const times = peerOf(rows[i], set.label);
            if (index === 0) {
                diamond(ctx, scales.x.getPixelForValue(rows[i].copy_fraction), bar.y);
            } else if (times) {
                ctx.fillStyle = color(times.median_ratio < 1 ? 'warn' : 'text');
                ctx.fillText(times.median_ratio.toFixed(2) + '×', bar.x + 6, bar.y);
            }
        }));
        ctx.restore();
    }
};

function diamond(ctx, x, y) {
    const size = 5;
    ctx.beginPath();
    ctx.moveTo(x - size, y);
    ctx.lineTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.closePath();
    ctx.fillStyle = color('back');
    ctx.fill();
    ctx.strokeStyle = color('text');
    ctx.lineWidth = 1.5;
    ctx.stroke();
}

// A ring around what is a cliff.
const rings = {
    id: 'rings',
    afterDatasetsDraw(chart) {
        const {ctx} = chart;
        chart.data.datasets.forEach((set, index) => set.data.forEach((point, i) => {
            if (chart.options.rings && ratioOf(point.step) > data.cliff) {
                const {x, y} = chart.getDatasetMeta(index).data[i];
                ctx.save();
                ctx.strokeStyle = color('warn');
                ctx.lineWidth = 2;
                ctx.beginPath();
                ctx.arc(x, y, 9, 0, 2 * Math.PI);
                ctx.stroke();
                ctx.restore();
            }
        }));
    }
};

// ---- charts

function figure(parent, caption, label, height) {
    const box = element('figure', parent);
    element('figcaption', box, {textContent: caption});
    const frame = element('div', box, {className: 'frame'});
    frame.style.height = height + 'px';
    const canvas = element('canvas', frame);
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', label + '; the table below has the numbers');
    return {box, canvas};
}

function show(canvas, config) {
    charts.push(new Chart(canvas, {...config, plugins: [unity, marks, rings]}));
}

// A layer and its shape on one line, what else it says on the next.
function label(workload) {
    const words = workload.split(/\s+/);
    return words.length > 2 ? [words.slice(0, 2).join(' '), words.slice(2).join(' ')] : [workload];
}

// From nothing to a little above the copy.
function fractionAxis(fractions) {
    return {
        min: 0, max: Math.max(1.1, 1.05 * Math.max(...fractions)), ticks: {stepSize: .2, includeBounds: false}
    };
}

function barChart(parent, pass) {
    const byLine = new Map(data.rows.filter(row => row.pass === pass).map(row => [row.workload, row]));
    const rows = data.bars.filter(line => byLine.has(line)).map(line => byLine.get(line));
    if (!rows.length) {
        return;
    }
    const fractions = rows.flatMap(row => [row.copy_fraction, ...sides.map(side => wallFraction(row, side))]);
    const height = 62 + rows.length * (14 + 17 * sides.length);
    const {canvas} = figure(parent, pass, 'Speed of each workload, ' + pass, height);
    show(canvas, {
        type: 'bar',
        data: {
            labels: rows.map(row => label(row.workload)),
            datasets: sides.map((side, index) => ({
                label: side, data: rows.map(row => wallFraction(row, side)), backgroundColor: seriesColor(index),
                maxBarThickness: 16, categoryPercentage: .8, barPercentage: .94
            }))
        },
        options: {
            indexAxis: 'y', rows, unity: 'x', interaction: {mode: 'index', axis: 'y', intersect: false},
            layout: {padding: {right: 36}},
            scales: {
                x: {
                    ...fractionAxis(fractions), title: {display: true, text: "fraction of the copy's speed"}
                },
                y: {grid: {display: false}, ticks: {autoSkip: false, font: {family: mono, size: 10.5}}}
            },
            plugins: {tooltip: {callbacks: {
                title: items => rows[items[0].dataIndex].workload,
                label: () => null,
                afterBody: items => describe(rows[items[0].dataIndex])
            }}}
        }
    });
}

const isPower = length => Number.isInteger(Math.log2(length));
const shapes = ['circle', 'rect', 'triangle', 'rectRot', 'star'];
const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 4]];

const seriesOf = points => [...new Set(points.map(point => point.step.series))].sort();

function lines(points, value) {
    return seriesOf(points).map((name, index) => {
        const own = points.filter(point => point.step.series === name)
            .map(point => ({...point, x: point.step.length, y: value(point.row)}))
            .filter(point => point.y !== null).sort((one, other) => one.x - other.x);
        return {
            label: name, data: own, borderColor: seriesColor(index), borderWidth: 1.8, borderDash: dashes[index % 5],
            pointStyle: shapes[index % 5], pointRadius: 4, pointHoverRadius: 6, pointBorderWidth: 1.6,
            pointBackgroundColor: own.map(point => isPower(point.x) ? seriesColor(index) : color('back')),
            pointBorderColor: seriesColor(index)
        };
    });
}

// Chart.js marks powers of ten.
function powersOfTwo(axis) {
    axis.ticks = [];
    for (let power = 2 ** Math.ceil(Math.log2(axis.min)); power <= axis.max; power *= 2) {
        axis.ticks.push({value: power});
    }
}

function lengthAxis(points, name) {
    const all = points.map(point => point.step.length);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return {
        type: 'logarithmic', min: least / 1.15, max: most * 1.15, title: {display: true, text: name},
        afterBuildTicks: powersOfTwo,
        ticks: {
            callback: value => value < 1024 ? value : value < 1 << 20 ? value / 1024 + 'K' : value / (1 << 20) + 'M',
            maxRotation: 0, autoSkipPadding: 8
        }
    };
}

function lengthChart(parent, points, axis, caption, scale, value, rings) {
    const {box, canvas} = figure(parent, caption, caption + ' over the ' + axis, 330);
    show(canvas, {
        type: 'line',
        data: {datasets: lines(points, value)},
        options: {
            unity: 'y', rings, interaction: {mode: 'nearest', axis: 'xy', intersect: false},
            scales: {x: lengthAxis(points, axis), y: scale},
            plugins: {
                legend: {display: true, labels: {usePointStyle: true, boxHeight: 7, color: color('text')}},
                tooltip: {callbacks: {
                    title: items => items[0].raw.row.workload,
                    label: () => null,
                    afterBody: items => [...describe(items[0].raw.row), ...describeStep(items[0].raw)]
                }}
            }
        }
    });
    return box;
}

function verdict(box, points) {
    const list = element('ul', box, {className: 'verdict'});
    for (const series of seriesOf(points)) {
        const worst = points.map(point => point.step).filter(step => step.series === series)
            .reduce((one, other) => ratioOf(other) > ratioOf(one) ? other : one);
        const cliff = ratioOf(worst) > data.cliff;
        element('li', list, {
            className: cliff ? 'cliff' : '',
            textContent: series + ': worst step ' + ratioOf(worst).toFixed(2) + '×, ' + count(worst.length)
                + ' beside ' + count(worst.neighbour) + (cliff ? ': a cliff' : '')
        });
    }
}

function sweepCharts(parent, sweep) {
    const axis = data.axes[sweep];
    element('h3', parent, {textContent: sweep[0].toUpperCase() + sweep.slice(1) + ', by the ' + axis});
    const grid = element('div', parent, {className: 'charts'});
    const points = passes.map(pass => data.rows.filter(row => row.pass === pass).flatMap(row => (row.sweeps || [])
        .filter(step => step.sweep === sweep).map(step => ({row, step}))));
    const fractions = points.flat().map(point => point.row.copy_fraction);
    points.forEach((own, index) => {
        if (own.length) {
            const scale = {...fractionAxis(fractions), title: {display: true, text: 'fraction of a copy'}};
            const box = lengthChart(grid, own, axis, passes[index], scale, row => row.copy_fraction, true);
            verdict(box, own);
        }
    });
    for (const peer of peers) {
        points.forEach((own, index) => {
            if (own.some(point => peerOf(point.row, peer))) {
                const scale = {
                    type: 'logarithmic', suggestedMin: .5, suggestedMax: 4, afterBuildTicks: powersOfTwo,
                    title: {display: true, text: 'times as fast as ' + peer}, ticks: {callback: value => value + '×'}
                };
                lengthChart(grid, own, axis, passes[index] + ', CLNorm beside ' + peer + ', caller\'s clock', scale,
                    row => peerOf(row, peer) ? peerOf(row, peer).median_ratio : null, false);
            }
        });
    }
}

// ---- the page

function legend() {
    const parent = document.getElementById('bars-legend');
    const item = (text, style, className = '') => {
        const box = element('span', parent);
        Object.assign(element('i', box, {className}).style, style);
        box.append(text);
    };
    sides.forEach((side, index) => item(side, {background: `var(--series-${index % 5})`}));
    item('CLNorm, kernels alone', {}, 'diamond');
    item('copy', {}, 'dashed');
    if (peers.length) {
        document.getElementById('peer-note').textContent = ' The figure beside another library\'s bar is how many times'
            + ' as long it took as CLNorm in the same rounds.';
    }
}

function build() {
    charts.forEach(chart => chart.destroy());
    charts = [];
    Object.assign(Chart.defaults, {
        animation: false, maintainAspectRatio: false, devicePixelRatio: Math.max(2, window.devicePixelRatio),
        color: color('dim'), borderColor: color('grid')
    });
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.plugins.legend.display = false;
    Object.assign(Chart.defaults.plugins.tooltip, {
        displayColors: false, backgroundColor: color('text'), titleColor: color('back'), bodyColor: color('back'),
        bodyFont: {size: 12}, titleFont: {family: mono, size: 12}, padding: 10
    });
    const bars = document.getElementById('bars-charts');
    bars.replaceChildren();
    passes.forEach(pass => barChart(bars, pass));
    const sweeps = document.getElementById('sweep-charts');
    sweeps.replaceChildren();
    Object.keys(data.axes).filter(sweep => data.rows.some(row => (row.sweeps || []).some(step => step.sweep === sweep)))
        .forEach(sweep => sweepCharts(sweeps, sweep));
}

// Paper is white, whatever the screen is.
function paper(light) {
    document.documentElement.dataset.theme = light ? 'light' : '';
    build();
}

legend();
build();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
addEventListener('beforeprint', () => paper(true));
addEventListener('afterprint', () => paper(false));
