package org.clnorm.example.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Collectors;

/** The comparison as one page of HTML that needs nothing else: the chart library is in it, with its licence. */
final class ComparisonPage {
    private static final String ABOUT = "/META-INF/maven/org.webjars.npm/chart.js/pom.properties";
    private static final String LIBRARY = "/META-INF/resources/webjars/chart.js/";
    private static final String PAGE = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta http-equiv="Content-Security-Policy"
                content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:" />
            <link rel="icon" href="data:," />
            <title>Training with each normalization</title>
            <style>
            body {
                margin: 0 auto; padding: 1.5rem 2rem 4rem; max-width: 80rem; background: #fff; color: #1b1f24;
                font: 15px/1.5 system-ui, "Segoe UI", Roboto, Arial, sans-serif;
            }
            p { max-width: 50rem; color: #5b6470; }
            h2 { margin: 2rem 0 .3rem; }
            code { background: #f6f7f9; padding: .2rem .5rem; overflow-wrap: anywhere; }
            .charts {
                display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%%, 30rem), 1fr)); gap: 1rem;
            }
            .frame { position: relative; height: 300px; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td {
                padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #e6e9ee; white-space: nowrap;
            }
            th:first-child { text-align: left; font-weight: 400; }
            td.best { font-weight: 700; background: #eef5fb; }
            </style>
            </head>
            <body>
            <h1>Training with each normalization</h1>
            <p>The same network, initial weights and batches, %s steps each; only the normalization and the learning
            rate differ. Repeat it: <code>%s</code></p>
            <h2>Steps to 95 %%</h2>
            <p>After how many steps 95 %% of the held-out images were right; of runs that did not get there, how many
            were right in the end. The best learning rate of each is marked: the first at 95 %%, or the most often
            right. It was chosen by the same held-out images.</p>
            <div class="wide"><table>
            <thead><tr><th scope="col">learning rate</th>%s</tr></thead>
            <tbody>
            %s</tbody>
            </table></div>
            <h2>Each at its best learning rate</h2>
            <p>The loss is the mean of %d steps; losses above 3 are outside the picture, and a curve ends where the loss
            was no number any more.</p>
            <div id="best" class="charts"></div>
            <div id="rates"></div>
            <noscript><p>The charts need JavaScript; the table has the results.</p></noscript>
            <script type="application/json" id="data">%s</script>
            <script>
            %s
            </script>
            <script>
            %s
            </script>
            </body>
            </html>
            """;
    private static final String SCRIPT = """
            'use strict';
            const runs = JSON.parse(document.getElementById('data').textContent);
            const norms = [...new Set(runs.map(run => run.norm))];
            const colors = ['#0072b2', '#d55e00', '#009e73', '#aa4499', '#40464f'];
            Object.assign(Chart.defaults, {animation: false, maintainAspectRatio: false, devicePixelRatio: 2});

            function element(name, parent, properties = {}) {
                return parent.appendChild(Object.assign(document.createElement(name), properties));
            }

            function chart(parent, title, selected, name, axis) {
                const canvas = element('canvas', element('div', parent, {className: 'frame'}));
                canvas.setAttribute('role', 'img');
                canvas.setAttribute('aria-label', title);
                new Chart(canvas, {
                    type: 'line',
                    data: {datasets: selected.map(run => ({
                        label: run.norm + (run.diverged ? ' (diverged)' : '') + ', ' + run.lr,
                        data: run[name].map(([x, y]) => ({x, y})),
                        borderColor: colors[norms.indexOf(run.norm)],
                        backgroundColor: colors[norms.indexOf(run.norm)],
                        borderDash: run.norm === 'none' ? [6, 4] : [],
                        borderWidth: 1.8, pointRadius: name === 'loss' ? 0 : 2.5
                    }))},
                    options: {
                        interaction: {mode: 'nearest', axis: 'x', intersect: false},
                        scales: {
                            x: {type: 'linear', min: 0, title: {display: true, text: 'step'}},
                            y: {...axis, title: {display: true, text: title}}
                        },
                        plugins: {legend: {labels: {boxWidth: 14, boxHeight: 2}}}
                    }
                });
            }

            function pair(parent, selected) {
                chart(parent, 'loss', selected, 'loss', {min: 0, max: 3});
                chart(parent, 'accuracy on held-out images', selected, 'accuracies', {min: 0, max: 1});
            }

            pair(document.getElementById('best'), runs.filter(run => run.best));
            const parent = document.getElementById('rates');
            for (const rate of new Set(runs.map(run => run.lr))) {
                element('h2', parent, {textContent: 'Learning rate ' + rate});
                pair(element('div', parent, {className: 'charts'}), runs.filter(run => run.lr === rate));
            }
            """;

    private ComparisonPage() {
    }

    /**
     * The page.
     *
     * @throws IOException if the chart library is not on the class path
     */
    static String of(Comparison comparison, String command) throws IOException {
        return String.format(Locale.ROOT, PAGE, comparison.steps(), text(command),
                Comparison.RATES.stream().map(rate -> "<th scope=\"col\">" + rate + "</th>")
                        .collect(Collectors.joining()),
                Comparison.NORMS.stream().map(norm -> row(norm, comparison.of(norm), comparison.best(norm)))
                        .collect(Collectors.joining()),
                Comparison.STRETCH, comparison.json(true).replace("<", "\\u003c"), library(), SCRIPT);
    }

    private static String row(String norm, List<Run> runs, Run best) {
        return "<tr><th scope=\"row\">" + norm + "</th>" + runs.stream()
                .map(run -> (run == best ? "<td class=\"best\">" : "<td>") + CompareNorms.result(run) + "</td>")
                .collect(Collectors.joining()) + "</tr>\n";
    }

    private static String text(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    private static String library() throws IOException {
        Properties about = new Properties();
        try (InputStream in = open(ABOUT)) {
            about.load(in);
        }
        String folder = LIBRARY + about.getProperty("version") + '/';
        // the map that its last line names is not there
        String code = read(folder + "dist/chart.umd.min.js").replaceAll("(?m)^//# sourceMappingURL=.*$", "");
        return "/*\n" + read(folder + "LICENSE.md").strip() + "\n*/\n" + code.strip();
    }

    private static String read(String path) throws IOException {
        try (InputStream in = open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static InputStream open(String path) throws IOException {
        InputStream in = ComparisonPage.class.getResourceAsStream(path);
        if (in == null) {
            throw new IOException("Chart.js (org.webjars.npm:chart.js) is not on the class path, which lacks " + path);
        }
        return in;
    }
}
