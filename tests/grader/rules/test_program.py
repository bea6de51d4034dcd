"""``check`` of what ``run.sh`` starts: faults that it names, and right code that it does not."""

import shutil
from pathlib import Path

import pytest

from grader.rules.check import check
from grader.rules.findings import Finding, Severity
from tests.grader.conftest import SUBMISSIONS
from tests.support.edits import OBEYS, Edit, both, environment, predict, run_sh, write

CONTEXT = {"context", "dockerfile-skipped"}
HERE = 'here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")'
FOLDER = "import os, sys\nfrom glob import glob\nfolder = sys.argv[1]"
TABLE = 'out = open(sys.argv[2], "w")\nout.write("file_id,Blues")'
LOOP = "for name in sorted(os.listdir(folder)):"
ROWS = "rows = []\nfor path in files:"

FAULTS: list[tuple[str, str, Edit]] = [
    # Python that does not parse
    ("python-syntax", "predict.py:2", predict("import sys", "print 'hello'")),
    ("python-syntax", "net.py:1", both(predict("import net"), write("net.py", "x = 'no end\n"))),
    ("python-syntax", "predict.py:1", predict("x = 1\0")),
    (
        "python-syntax", "predict.py:3",
        both(environment("- python=3.8"), predict("x = 1", "match x:", "    case 1: pass")),
    ),
    # Scripts through scripts
    *(
        ("docker-inside", "prd.sh:2",
         both(run_sh(line, OBEYS), write("prd.sh", "#!/bin/sh\ndocker pull image\n")))
        for line in ("./prd.sh", "bash prd.sh", "source prd.sh", ". ./prd.sh", '"$here/prd.sh"',
                     f"{HERE}\nbash -x $here/prd.sh 1", "exec ./prd.sh", "if ./prd.sh; then :; fi",
                     "x=$(./prd.sh)", "bash -c './prd.sh 1'", "/home/crowdai/prd.sh")
    ),
    ("network-at-run-time", "a/b.py:1", both(
        run_sh("cd a && python b.py", OBEYS),
             write("a/b.py", "import urllib.request as r; r.urlopen(u)")
    )),
    ("network-at-run-time", "a/b.py:1", both(
        run_sh("python -m a.b", OBEYS), write("a/b.py", "import gdown; gdown.download(u)")
    )),
    *(
        ("network-at-run-time", "a/b.py:2", both(
            predict(line), write("a/b.py", "from requests import get\nrequests.get(url)"),
            write("a/__init__.py", ""),
        ))
        for line in ("import a.b", "from a import b", "from a.b import c", "import a.b as n",
                     "def f():\n    from a.b import x\nf()", "__import__('a.b')",
                     "import os; os.system('python a/b.py ' + x)",
                     "import subprocess\nsubprocess.run(['python', 'a/b.py'])",
                     "import sys\nsys.path.append('a')\nimport b",
                     "from importlib import import_module as i\nimport importlib\n"
                     "importlib.import_module('a.b')")
    ),
    ("network-at-run-time", "a/b.py:1", both(
        predict("import a.c"), write("a/c.py", "from . import b"),
        write("a/b.py", "hf_hub_download('x')"), write("a/__init__.py", ""),
    )),
    # Docker and downloads
    *(
        ("network-at-run-time", "predict.py:2", predict("import os, sys, subprocess", line))
        for line in ("os.system('wget http://x.invalid/a')", "urlretrieve(u, 'a')",
                     "subprocess.call(['pip', 'install', 'numpy'])",
                     "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'numpy'])",
                     "os.system('cd /tmp && curl -O %s' % url)", "os.system(f'wget {url}')",
                     "requests.get('https://x.invalid')", "torch.hub.load('a', 'b')")
    ),
    ("docker-inside", "predict.py:2",
     predict("import subprocess", "subprocess.Popen('sudo docker run image', shell=True)")),
    *(
        ("network-at-run-time", "run.sh:2", run_sh(line, OBEYS))
        for line in ("sudo apt-get install -y sox", "cd /tmp; curl -O http://x.invalid/a",
                     "if ! wget -q http://x.invalid/a; then exit 1; fi", "(git clone x)",
                     "python3 -m pip install numpy", "[ -e a ] || gdown --id 1",
                     "bash -c 'pip install numpy'", "git lfs pull")
    ),
    ("network-at-run-time", "predict.py:4", both(
        run_sh("python3 predict.py run_all $TEST_DIRECTORY $OUTPUT_PATH"), predict(
            "class App:", "    def train(self): urlopen(u)", "    def run_all(self):",
            "        urlopen(u)", "fire.Fire(App)"))),
    ("network-at-run-time", "predict.py:2", predict(
        "def get():", "    urlopen(u)", "def main():", "    get()", "if __name__ == '__main__':",
        "    main()")),
    *(
        ("docker-inside", "run.sh:2", run_sh(line, OBEYS))
        for line in ("docker-compose -f dc.yml up", "sudo docker compose up",
                     "docker -H tcp://x run --rm y")
    ),
    ("docker-inside", "predict.py:1",
     predict("cmd = ['nvidia-docker', 'run', '-v', x + ':/in', 'y']", "check_call(cmd)")),
    ("network-at-run-time", "predict.py:1", predict("x = VGG16(weights='imagenet')")),
    ("network-at-run-time", "predict.py:1", predict("x = models.resnet18(pretrained=True)")),
    ("trailing-slash", "predict.py:3",
     predict("import sys", "src, dst = sys.argv[1:3]", "x = glob(src + '*.mp3')", "x.stem")),
    ("trailing-slash", "predict.py:4",
     both(run_sh("python3 predict.py --test_dir $TEST_DIRECTORY $OUTPUT_PATH"), predict(
         "p.add_argument('--test_dir')", "o = vars(p.parse_args())", "d = o['test_dir']",
         "x = glob(d + '*.mp3')", "x.stem"))),
    # The two variables
    ("environment-ignored", "run.sh:2", run_sh("export TEST_DIRECTORY=/crowdai-payload", OBEYS)),
    ("environment-ignored", "run.sh:3", run_sh("# why", 'OUTPUT_PATH="out.csv"', OBEYS)),
    ("environment-ignored", "predict.py:2",
     predict("import os", "os.environ['TEST_DIRECTORY'] = 'clips'", "x.stem")),
    ("environment-ignored", "run.sh", both(
        run_sh("python3 predict.py data"),
        predict("import os", "print(os.environ['OUTPUT_PATH'])"),
        write("unused.py", "TEST_DIRECTORY = 'x'\nimport os\nos.environ['TEST_DIRECTORY']"),
    )),
    ("environment-ignored", "run.sh", both(
        run_sh("python3 predict.py data # $TEST_DIRECTORY", 'echo "$OUTPUT_PATH"'),
        predict('"""Reads $TEST_DIRECTORY."""', "TEST_DIRECTORY = 'x'"),
    )),
    # Paths of another machine
    *(
        ("fixed-path", "predict.py:1", predict(line))
        for line in ("open('/Users/me/clips')", "os.listdir('/home/me/x')", "load('/mnt/d' + y)",
                     "open(f'/data/{y}')", "pd.read_csv(r'C:\\\\clips')", "x = 'D:/clips'; open(x)",
                     "x = Path('/root/x'); y = x / 'z'; y.open()",
                     "glob(os.path.join('/media/usb', '*'))",
                     "add_argument('--data-dir', default='/data/fma')\nnp.load(a.data_dir)")
    ),
    ("fixed-path", "run.sh:2", run_sh("cd /data/work", OBEYS)),
    ("fixed-path", "run.sh:2", run_sh("export PYTHONPATH=/home/me/lib", OBEYS)),
    # Weights
    *(
        ("weights-missing", "predict.py:1", predict(line))
        for line in ("load('weights/model.h5')", "load('checkpoint.pth.tar')", "x = {'a': 'a.h5'}",
                     "x = os.path.join(here, 'w', 'a.pt')", "load('model.ckpt')",
                     "load(HERE + '/a.npz')", "load(f'{folder}/a.onnx')", "x = HERE / 'a.keras'",
                     "p.add_argument('--net', default='a.h5')")
    ),
    ("weights-missing", "predict.py:1", both(predict("load('w/a.h5')"), write(
        "postBuild", "#!/bin/bash\nset -e\npip install x\nln -s a b\nmkdir c 2>/dev/null"))),
    ("weights-missing", "net.py:1", both(predict("import net"), write("net.py", "x = 'a.h5'"))),
    ("weights-missing", "run.sh:2", run_sh("python3 predict.py --weights=w/a.h5", OBEYS)),
    # The folder's name without a slash
    *(
        ("trailing-slash", "predict.py:4", predict(FOLDER, *line.split("\n")))
        for line in ("x = glob(folder + '*.mp3')", "x = '%s*.mp3' % folder", "x = f'{folder}*.mp3'",
                     "x = '{}*.mp3'.format(folder)", "x = [folder + n for n in os.listdir(folder)]",
                     "x = '{}{}'.format(folder, file_name)", "x = '%s%s.mp3' % (folder, i)",
                     "x = folder + str(i) + '.mp3'", "x = glob(os.environ['TEST_DIRECTORY'] + '*')",
                     "x = glob(os.path.abspath(folder) + '*.mp3')",
                     "x = glob((os.getenv('TEST_DIRECTORY') or 'x') + '*.mp3')")
    ),
    ("trailing-slash", "predict.py:6",
     predict(FOLDER, "d = folder", LOOP.replace("folder", "d"), "    open(d + name)")),
    ("trailing-slash", "predict.py:5",
     predict(FOLDER, "def read(where, file_name):", "    open(where + file_name)",
             "read(folder, x)")),
    ("trailing-slash", "clips.py:2", both(
        predict(FOLDER, "import clips", "clips.all_of(folder)"),
        write("clips.py", "def all_of(d):\n    return glob(d + '*.mp3')\n"),
    )),
    *(
        ("trailing-slash", "predict.py:4", both(run_sh(command), predict(
            "import argparse", *declared, "args = p.parse_args()", "glob(args.test_dir + '*.mp3')",
        )))
        for command, declared in (
            ('python3 predict.py --test_dir="$TEST_DIRECTORY" -o $OUTPUT_PATH',
             ["p.add_argument('--test_dir')"]),
            ("python3 predict.py -t ${TEST_DIRECTORY:-x} -o $OUTPUT_PATH",
             ["p.add_argument('-t', '--test_dir')"]),
            ("D=$TEST_DIRECTORY\npython3 predict.py -o $OUTPUT_PATH $D",
             ["p.add_argument('test_dir')"]),
            ("python3 predict.py -o $OUTPUT_PATH; : $TEST_DIRECTORY",
             ["p.add_argument('--test_dir', default=os.environ['TEST_DIRECTORY'])"]),
        )
    ),
    ("trailing-slash", "predict.py:2", both(
        run_sh('bash a.sh "$TEST_DIRECTORY" "$OUTPUT_PATH"'),
        write("a.sh", "python3 predict.py $2 $1\n"),
        predict("import sys", "x = glob(sys.argv[2] + '*.mp3')"),
    )),
    ("trailing-slash", "run.sh:2", run_sh("ls $TEST_DIRECTORY*.mp3", OBEYS)),
    ("trailing-slash", "run.sh:2", run_sh('for f in "${TEST_DIRECTORY}"*.mp3; do :; done', OBEYS)),
    ("trailing-slash", "predict.py:4", predict(
        "import os, sys", "DIR = sys.argv[1]", "for name in os.listdir(DIR):",
        "    files.append(DIR + '{}'.format(name))", "x.stem")),
    ("trailing-slash", "predict.py:6", predict(
        "import sys", "class Net:", "    def __init__(self):", "        self.folder = sys.argv[1]",
        "    def run(self):", "        glob(self.folder + '*.mp3')", "x.stem")),
    # Ids and rows
    ("id-suffix", "predict.py:7", predict(
        FOLDER, "names = [os.path.basename(name) for name in os.listdir(folder)]",
        "y = samples[int(n * 3):min(len(samples), m)]; z = y[:, :128]", "z.index.name = 1",
        "x.to_csv(sys.argv[2])")),
    ("writes-into-payload", "predict.py:10", predict(
        FOLDER, "class Net:", "    def __init__(self):",
        "        self.files = glob(os.path.join(sys.argv[1], '*.mp3'))", "    def run(self):",
        "        for fn in tqdm.tqdm(self.files):", "            new = fn[:-3] + 'npy'",
        "            np.save(open(new, 'wb'), x)")),
    ("id-suffix", "predict.py:6",
     predict(FOLDER, "files = os.listdir(folder)", "out = open(sys.argv[2], 'w')",
             "out.write('file_id,Blues')")),
    ("id-suffix", "predict.py:4",
     predict(FOLDER, "x.to_csv(sys.argv[2])", "y = [p.split('/')[-1] for p in glob(folder)]")),
    ("rows-lost", "predict.py:1", predict("x = files[t[0]:t[-1]]")),
    ("rows-lost", "predict.py:1", predict("x = test_ids[t[0]:t[-1]]")),
    ("rows-lost", "predict.py:5",
     predict(ROWS, "    try:", "        rows.append(load(path))", "    except Exception:",
             "        continue")),
    ("rows-lost", "predict.py:5",
     predict(ROWS, "    try:", "        rows.append(load(path))", "    except:",
             "        print('cannot read', path)", "        pass")),
    ("rows-lost", "predict.py:5",
     predict(ROWS, "    try:", "        x = load(path)", "    except (OSError, ValueError) as e:",
             "        logging.warning(e)", "        continue", "    rows.append(x)")),
    # Files that are written
    *(
        ("writes-into-code", "predict.py:3", predict("import os", "import numpy as np", line))
        for line in ("open('log.txt', 'a')", "np.save('features/x.npy', x)", "os.makedirs('cache')",
                     "df.to_csv('features.csv')", "open(os.path.join('cache', name), mode='w')",
                     "joblib.dump(x, 'a.pkl')", "Path('cache').mkdir()",
                     "open(os.path.join(os.path.dirname(__file__), 'log'), 'w')",
                     "np.save('cache/' + name, x)")
    ),
    ("writes-into-code", "run.sh:3", run_sh(OBEYS, "echo done > log.txt")),
    *(
        ("writes-into-payload", "run.sh:2", run_sh(line, OBEYS))
        for line in ("cd $TEST_DIRECTORY; mkdir wavs; cd -", "(cd \"$TEST_DIRECTORY\"; ls > a.txt)",
                     'for f in "$TEST_DIRECTORY"/*.mp3; do cp "$f" "${f%.mp3}.wav"; done')
    ),
    # What is started
    *(
        ("script-missing", "run.sh:3", run_sh('here=$(cd "$(dirname "$0")"; pwd)', line, OBEYS))
        for line in ("python3 code/net.py", "./net.sh a", "cd $here; bash net.sh",
                     "python3 -u $here/code/net.py", "python3 $(dirname $0)/net.py",
                     "python3 /home/crowdai/net.py", "bash -c 'python3 net.py'")
    ),
    ("script-missing", "run.sh:2",
     both(run_sh("python3 -m net.main", OBEYS), write("net/__init__.py", ""))),
    *(
        ("ends-early", "run.sh:2", run_sh(*line.split("\n")))
        for line in (f"nohup {OBEYS} > /tmp/log 2>&1 &", f"{OBEYS} | tee /tmp/log &\necho $!",
                     f"for i in 1 2; do {OBEYS} $i & done", f"{OBEYS} & x=$!\nexit 0")
    ),
    ("writes-into-code", "run.sh:2", run_sh("mkdir -p cache", OBEYS)),
    *(
        ("writes-into-payload", "predict.py:5", predict(
            FOLDER, "for path in sorted(glob(os.path.join(folder, '*.mp3'))):", f"    {line}"
        ))
        for line in ("np.save(path.replace('.mp3', '.npy'), x)", "np.save(path[:-4] + '.npy', x)",
                     "np.save(os.path.splitext(path)[0] + '.npy', x)", "open(path + '.log', 'w')",
                     "Path(path).with_suffix('.npy').write_bytes(x)",
                     "np.save(os.path.join(folder, 'a.npy'), x)")
    ),
]  # fmt: skip

RIGHT: list[Edit] = [
    # Texts that only mention a command
    run_sh("# apt-get install sox", "x=1 # docker run image", 'echo "pip install numpy"', OBEYS),
    run_sh('echo "docker pull image" >&2', "printf 'wget %s' a", "grep wget a", OBEYS),
    run_sh("# export TEST_DIRECTORY=/data", "cat <<EOF", "docker run image", "EOF", OBEYS),
    run_sh("command -v wget curl docker", OBEYS, "echo 'a # b' # docker pull x"),
    predict('"""Needs apt-get install sox; docker run it."""', "# pip install x", "x = 1"),
    predict("try:", "    import x", "except ImportError:", "    exit('pip install x')"),
    predict("raise SystemExit('wget http://x.invalid/weights.h5 to /data/weights.h5')"),
    predict("p.add_argument('--x', help='e.g. /data/x.h5')", "print('/home/me/x.h5')"),
    predict("import urllib.request", "urlopen('http://localhost:8080')", "os.system('sox a b')"),
    predict("def fetch():", "    urlopen(url)", "x = 1"),  # never called
    *(
        predict("import os", *line.split("\n"))
        for line in ("URL = 'http://127.0.0.1:1/'\nrequests.get(URL)",
                     "requests.get(f'http://localhost:{port}/')",
                     "os.system(f'curl http://{h}/x')", "load_state_dict_from_url(u)",
                     "torch.hub.load(x, 'net', source='local')",
                     "if not os.path.exists('a'):\n    urlretrieve(u, 'a')",
                     "def get():\n    urlretrieve(u, 'a')\nif not os.path.exists('a'):\n    get()",
                     "try:\n    x()\nexcept OSError:\n    os.system('wget http://x.invalid/a')")
    ),
    run_sh("until curl -s http://$HOST:8501/health; do sleep 1; done", OBEYS),
    both(run_sh("python3 predict.py run-all $TEST_DIRECTORY $OUTPUT_PATH"), predict(
        "class App:", "    def train(self):", "        open('/data/x')", "    def run_all(self):",
        "        pass", "fire.Fire(App)")),
    predict("def train():", "    data()", "def data():", "    open('/data/x.h5')"),
    both(predict("import net"),
         write("net.py", "if __name__ == '__main__':\n    open('/data/a.h5')\n    urlopen(x)\n")),
    both(predict("x = 1"), write("train.py", "print 'x'\nopen('/data/a.h5')\nurlopen(x)\n")),
    both(predict("x = VGG16(weights='imagenet')"), write("postBuild", "#!/bin/sh\n./fetch.py\n")),
    predict("x = Net(pretrained=True)", "y = models.resnet18(pretrained=False)"),
    run_sh("docker --version", OBEYS),
    # The two variables
    run_sh('TEST_DIRECTORY="${TEST_DIRECTORY:-/crowdai-payload}"', ": ${OUTPUT_PATH:=a.csv}",
         OBEYS),
    run_sh('if [ -z "$TEST_DIRECTORY" ]; then', "  export TEST_DIRECTORY=/crowdai-payload", "fi",
           '[ -n "$OUTPUT_PATH" ] || OUTPUT_PATH=/tmp/output.csv', OBEYS),
    both(run_sh("python3 predict.py"), predict(
        "import os", "x = os.environ.get('TEST_DIRECTORY', '/crowdai-payload')",
        "y = os.getenv('OUTPUT_PATH') or '/tmp/output.csv'")),
    both(run_sh("python3 predict.py"), predict(
        "@click.option('--x', envvar='TEST_DIRECTORY', default='/crowdai-payload')",
        "def main(x, y=os.environ.get('OUTPUT_PATH')): pass", "main()")),
    both(run_sh("python3 predict.py"), predict(
        "DEFAULT = '/crowdai-payload'", "x = os.environ.get('TEST_DIRECTORY', DEFAULT)",
        "try:", "    y = os.environ['OUTPUT_PATH']", "except KeyError:",
        "    y = '/tmp/output.csv'")),
    both(run_sh("python3 predict.py"), predict(
        "p.add_argument('--in', default='/crowdai-payload')", "def f(y='/tmp/output.csv'): pass",
        "os.path.expandvars('$TEST_DIRECTORY ${OUTPUT_PATH}')", "f()")),
    both(run_sh("./a.sh"), write("a.sh", "#!/bin/sh\n. ./b.sh\n"), write("b.sh", OBEYS)),
    both(run_sh("make predict"), write("Makefile.sh", OBEYS)),  # cannot be followed
    both(run_sh("Rscript predict.R"),
         write("predict.R", "Sys.getenv('TEST_DIRECTORY'); Sys.getenv('OUTPUT_PATH')")),
    *(
        both(run_sh("python3 predict.py"), predict("import os", line))
        for line in ("x = os.environ[cfg['src']]", "x = os.environ.get(name)",
                     "x = os.getenv(name)", "x = dict(os.environ)",
                     "for k, v in os.environ.items(): pass", "x = os.environ.copy()",
                     "x = {**os.environ}")
    ),
    *(
        both(run_sh("python3 predict.py"), predict(
            "import os", "x = os.environ.get('TEST_DIRECTORY') or os.environ.get('OUTPUT_PATH')",
            *line.split("\n")))
        for line in ("a, b = '/crowdai-payload', '/tmp/output.csv'",
                     "add('--x', default=Path('/crowdai-payload'))",
                     "def f():\n    return '/crowdai-payload', '/tmp/output.csv'\nf()",
                     "x = x or Path('/crowdai-payload')")
    ),
    # Paths
    run_sh("[ -d /data ] && echo /mnt/x", "export PATH=/usr/local/cuda/bin:$PATH", OBEYS),
    run_sh("cd /home/crowdai", "x=/srv/conda/bin/python", "y=/tmp/work; z=/dev/null", OBEYS),
    run_sh('d=${TEST_DIRECTORY:-/crowdai-payload}; o="${OUTPUT_PATH:-/tmp/output.csv}"', OBEYS),
    predict("x = '/usr/bin/sox'", "y = '/proc/cpuinfo'", "z = '/etc/hosts'", "open('/dev/null')"),
    predict("if os.path.exists('/data'): pass", "y = root + '/data/x'", "z = f'{root}/data/x'",
            "h['/data/x']", "w = 'http://x.invalid/data'"),
    predict("x = '/home/me/x'", "train('/data/fma')", "y = {'a': '/mnt/b'}", "s = '/root'"),
    predict("if gethostname() == 'x': root = '/home/me/x'", "open(root + '/y')",
            "x = f.get('/data/mean')", "f.create_dataset('/data/q')"),
    run_sh("cd /home/jovyan 2>/dev/null || cd /home/crowdai", OBEYS),
    predict("x = h5.get_node('/data')", "re.compile('/data/.*')"),
    predict("import os", "c = {'clips': '/crowdai-payload'}",
            "c['clips'] = os.environ['TEST_DIRECTORY']"),
    both(run_sh(f"{OBEYS} --data here"), predict("p.add_argument('--data', default='/data/fma')",
                                            "open(args.data)")),
    # Weights
    both(predict("load('w/a.h5')", "load('net.pth.tar')", "load('model.ckpt')"), write("w/a.h5",
         "x"),
         write("net.pth.tar", "x"), write("model.ckpt.index", "x")),
    predict("c = ModelCheckpoint('best.hdf5', save_best_only=True)", "load('best.hdf5')"),
    predict("x = name + '.h5'", "y = f'{name}.h5'", "z = '%s.h5' % name", "n.endswith('.h5')",
            "w = prefix + '_a.h5'"),
    predict("if os.path.isfile('cache.npz'): pass", "u = 'https://x.invalid/a.h5'"),
    both(run_sh(f"{OBEYS} --net=w.dat"), predict("p.add_argument('--net', default='a.h5')")),
    *(
        both(predict("load('w/a.h5')"), write("postBuild", f"#!/bin/bash\n{line}\n"))
        for line in ("wget -q http://x.invalid/a.h5 -O w/a.h5", "curl x | tar xz -C w",
                     "cat parts/* > w/a.h5", "python3 fetch.py", "./fetch.sh")
    ),
    predict("x = os.path.join('/tmp', 'a', 'b.npz')", "y = os.path.join(work, 'c.npz')",
            "work = '/tmp/q'", "d = tempfile.mkdtemp()", "z = os.path.join(d, 'e.npz')",
            "w = Path('/tmp') / 'f.npz'"),
    # Folder and name
    *(
        predict(FOLDER, *line.split("\n"), "x.stem")
        for line in (
            "glob(folder + '/*.mp3')", "glob(os.path.join(folder, '*.mp3'))",
            "glob(f'{folder}/*.mp3')", "glob('%s/*.mp3' % folder)",
            "glob('{}/{}'.format(folder, n))",
            "folder = folder.rstrip('/') + '/'\nglob(folder + '*.mp3')",
            "if not folder.endswith('/'):\n    folder += '/'\nglob(folder + '*.mp3')",
            "folder = folder if folder[-1] == '/' else folder + '/'\nglob(folder + '*.mp3')",
            "d = os.path.join(folder, '')\nglob(d + '*.mp3')", "glob(folder + os.sep + '*.mp3')",
            "glob(folder + SEP + name)", "print('reading ' + folder + name)",
            "print(folder + name)",
            "raise IOError('no clips in %s*.mp3' % folder)", "x = folder + '_features'",
            "for path in glob(folder + '/*.mp3'):\n    open(path + '.txt')",
            "suffix = '/*.mp3'\nglob(folder + suffix)", "x = folder + ''", "x = [folder] + names",
            "def f(d):\n    return glob(d + '*.mp3')\nf(folder + '/')\nf(folder)",
            "def f(d):\n    return glob(d + '*.mp3')\nf('cache/')",
            "logging.info(f'{folder}{name}')",
        )
    ),
    both(run_sh('python3 predict.py "$TEST_DIRECTORY/" "$OUTPUT_PATH"'),
         predict(FOLDER, "glob(folder + '*.mp3')", "x.stem")),
    both(run_sh('export TEST_DIRECTORY="${TEST_DIRECTORY%/}/"', OBEYS),
         predict(FOLDER, "glob(folder + '*.mp3')", "glob(os.environ['TEST_DIRECTORY'] + '*')",
                 "x.stem")),
    run_sh("ls $TEST_DIRECTORY/*.mp3", 'echo "$TEST_DIRECTORY: $x"', OBEYS),
    # Ids
    *(
        predict(FOLDER, LOOP, f"    {line}", TABLE)
        for line in ("x = Path(name).stem", "x = os.path.splitext(name)[0]", "x = name[:-4]",
                     "x = name.replace('.mp3', '')", "x = name.split('.')[0]",
                     "x = name.rstrip('3')",
                     "x = name.removesuffix('.mp3')", "x = name.rsplit('.', 1)[0]",
                     "x = name[:name.rfind('.')]", "x = re.sub('.mp3$', '', name)",
                     "x = name.partition('.')[0]", "x = name[:-len('.mp3')]",
                     "x = '%06d' % int(''.join(filter(str.isdigit, name)))",
                     "x = list(map(PATTERN.match, names))")
    ),
    both(run_sh('for f in "$TEST_DIRECTORY"/*.mp3; do basename "$f" .mp3; done > "$IDS"', OBEYS),
         predict(FOLDER, LOOP, "    pass", TABLE)),
    both(run_sh("./tool $TEST_DIRECTORY", OBEYS), predict(FOLDER, LOOP, "    pass", TABLE)),
    predict(FOLDER, TABLE, "x = sys.stdin.read()"),  # the ids come from elsewhere
    # Rows
    predict("y = samples[edges[0]:edges[-1]]", "y = audio[t[0]:t[-1]]"),
    predict("x = files[t[0]:t[-1] + 1]"),
    predict(ROWS, "    try:", "        x = load(path)", "    except Exception:",
         "        x = PRIOR",
            "    rows.append(x)"),
    predict(ROWS, "    x = PRIOR", "    try:", "        x = load(path)", "    except Exception:",
            "        print('prior for', path)", "    rows.append(x)"),
    predict("rows = {}", "for path in files:", "    rows[path] = PRIOR", "    try:",
            "        rows[path] = load(path)", "    except Exception:", "        continue"),
    predict(ROWS, "    try:", "        rows.append(load(path))", "    except Exception:",
            "        rows.append(PRIOR)"),
    predict(ROWS, "    try:", "        rows.append(load(path))", "    except Exception:",
            "        continue", "for path in files:", "    if path not in done:",
            "        rows.append(PRIOR)"),
    *(
        predict(ROWS, "    try:", "        rows.append(load(path))", "    except Exception:",
                "        continue", line)
        for line in ("x = all.merge(rows, how='left')", "x = x.where(x.notna(), 1 / 16)",
                     "a = os.listdir(x); b = [p for p in glob(y)]")
    ),
    predict("for path in ('a', 'b'):", "    try:", "        x = load(path)", "        break",
            "    except Exception:", "        continue"),
    # Files
    predict("np.save('/tmp/x.npy', x)", "open(sys.argv[2], 'w')", "open('a.txt')",
         "f.write_text(x)"),
    predict("d = tempfile.mkdtemp()", "np.save(os.path.join(d, 'x.npy'), x)", "os.makedirs(d)"),
    predict(FOLDER, "for path in glob(folder + '/*.mp3'):",
            "    np.save(os.path.join(tmp, os.path.basename(path).replace('.mp3', '.npy')), x)",
            "    open(path, 'rb')"),
    run_sh("mkdir -p /tmp/work", "echo x > /tmp/log 2>&1", "ls 2>/dev/null >&2", OBEYS),
    both(run_sh("cd /tmp && mkdir -p work && cd work", f"{OBEYS} > log"), predict(
        "os.makedirs('x')")),
    run_sh("cd $TEST_DIRECTORY; mkdir /tmp/x; ls > /dev/null",
           'for f in "$TEST_DIRECTORY"/*.mp3; do cp "$f" /tmp/x/"${f##*/}"; done', OBEYS),
    # What is started
    *(
        run_sh("here=$(dirname $0)", *line.split("\n"), OBEYS)
        for line in ("python3 /opt/x.py", "python3 $TOOLS/x.py", "cd /opt/tool; python3 x.py",
                     "[ -f x.sh ] && . ./x.sh", "cat > /tmp/x.py <<E\nE\npython3 x.py",
                     "python3 -m pip list", "python3 -m a.b", "./x.sh || true", "python3 ~/x.py",
                     "python3 x.py; [ -n '' ] && cp y.py x.py", "python3 $(which x.py)",
                     "x.sh", "t=$(mktemp -d)\npython3 $t/x.py")
    ),
    both(run_sh("python3 x.py", OBEYS), write("postBuild", "#!/bin/sh\nln -s predict.py x.py\n")),
    *(
        run_sh(*line.split("\n"))
        for line in (f"{OBEYS} &\nwait $!", f"python3 predict.py serve &\n{OBEYS}",
                     f"{OBEYS} &> /tmp/log", f"{OBEYS} && echo done", f"{OBEYS} >& /tmp/log",
                     f"{OBEYS} &\nwhile kill -0 $!; do sleep 1; done", f"{OBEYS}\nsleep 1 &")
    ),
    # Python
    predict("\ufeffx = '\\d'", "y: int = 1"),
    both(environment("- python=2.7=h1"), predict("import sys", "print 'x'")),
    both(environment("- python=3.7"), predict("x = 1")),
    both(run_sh("bash a.sh", OBEYS), write("a.sh", "x=1\n")),  # bash reads it, without a first line
]  # fmt: skip


def found(repository: Path) -> list[Finding]:
    return [finding for finding in check(repository) if finding.rule not in CONTEXT]


@pytest.mark.parametrize(("rule", "where", "edit"), FAULTS)
def test_a_fault_is_found_and_nothing_else(
    repository: Path, rule: str, where: str, edit: Edit
) -> None:
    edit(repository)
    assert {(finding.rule, finding.where) for finding in found(repository)} == {(rule, where)}


@pytest.mark.parametrize("edit", RIGHT)
def test_what_is_right_is_left_alone(repository: Path, edit: Edit) -> None:
    edit(repository)
    assert [str(finding) for finding in found(repository) if finding.rule != "python-pin"] == []


@pytest.mark.parametrize("path", sorted(SUBMISSIONS.glob("style-*")), ids=lambda path: path.name)
def test_the_styles_of_2018_are_left_alone(path: Path) -> None:
    faults = [finding for finding in check(path) if finding.severity is not Severity.NOTE]
    assert faults == []
    assert check(path) != []


@pytest.mark.parametrize(
    ("sample", "rules"),
    [
        ("fault-agf", {"python-syntax", "environment-ignored", "fixed-path", "docker-inside"}),
        ("fault-stft", {"trailing-slash", "id-suffix"}),
        ("fault-dpn", {"trailing-slash", "rows-lost", "weights-missing"}),
        ("trailing-slash", {"trailing-slash"}),
        ("id-suffix", {"id-suffix"}),
        ("wrote-into-code", {"writes-into-code"}),
        ("wrote-into-payload", {"writes-into-payload"}),
        ("network", {"network-at-run-time"}),
        ("docker-inside", {"docker-inside"}),
        ("few-clips", set()),
        ("clip-without-row", set()),
        ("never-ends", set()),
    ],
)
def test_samples(repository: Path, sample: str, rules: set[str]) -> None:
    """A sample's files in the place of the sound one's."""
    for name in ("run.sh", "predict.py"):
        (repository / name).unlink()
    shutil.copytree(SUBMISSIONS / sample, repository, dirs_exist_ok=True)
    assert {finding.rule for finding in found(repository)} == rules


@pytest.mark.parametrize(
    "edit",
    [
        predict("model.save('a.h5')", "load('a.h5')"),
        predict("PATH = 'a.npz'", "np.savez(PATH, x=1)", "np.load(PATH)"),
        predict("f = open('scaler.pkl', 'wb')", "pickle.dump(x, f)", "open('scaler.pkl', 'rb')"),
    ],
)
def test_weights_that_the_program_writes_are_not_missing(repository: Path, edit: Edit) -> None:
    edit(repository)
    assert {finding.rule for finding in found(repository)} == {"writes-into-code"}


def test_a_syntax_of_a_newer_python_is_only_a_warning(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(environment("- python=3.14"), predict("x = = 1"))(repository)
    (finding,) = found(repository)
    assert (finding.rule, finding.severity) == ("python-syntax", Severity.WARNING)


def test_constant_names_of_other_variables_are_no_reads(repository: Path) -> None:
    edit = predict(
        "import os", "os.environ['CUDA'] = '1'", "'X' in os.environ", "os.environ.get('TEST_DIR')",
        "os.environ.update(TF='1')", "open('/tmp/output.csv')",
    )  # fmt: skip
    both(run_sh("python3 predict.py"), edit)(repository)
    assert {(finding.rule, finding.where) for finding in found(repository)} == {
        ("environment-ignored", "run.sh"),
        ("fixed-path", "predict.py:6"),
    }


NESTED = {
    "brackets": "(" * 100_000,
    "minus": "-" * 100_000 + "1",
    "attributes": "a" + ".b" * 60_000,
    "sum": "a" + "+a" * 60_000,
    "dotted import": "import a" + ".a" * 60_000,
    "continued import": "import a" + ".a\\\n" * 20_000,
    "fields": "f'" + "{a}" * 40_000 + "'",
    "calls": ("f(" * 90 + ")" * 90 + "\n") * 450,
    "quotes": "print 'x'\n" + "\"'" * 60_000,
    "large": "x = 1\n" * 100_000,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED.keys())
def test_deep_and_large_files_are_no_matter(repository: Path, text: str) -> None:
    predict("import net")(repository)
    write("net.py", text + "\n")(repository)
    rules = {finding.rule for finding in found(repository)}
    assert rules <= {"python-syntax"}


def test_imports_in_a_circle_and_by_the_thousand(repository: Path) -> None:
    predict("import a", *(f"import b{number}" for number in range(5000)))(repository)
    write("a.py", "import predict, a\n")(repository)
    for number in range(300):
        write(f"b{number}.py", "x = 1\n")(repository)
    assert found(repository) == []


def test_thousands_of_starts_and_of_options(repository: Path) -> None:
    """Takes minutes where each option looks at each start."""
    run_sh(*[f"python3 predict.py {n} $TEST_DIRECTORY $OUTPUT_PATH" for n in range(9000)])(
        repository
    )
    predict(*(f"p.add_argument('--a{n}', default='/data/{n}')" for n in range(1500)))(repository)
    assert {finding.rule for finding in found(repository)} == set()


def test_a_link_that_leads_outside_is_not_followed(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("print 'x'\n")
    predict("import secret")(repository)
    (repository / "secret.py").symlink_to(tmp_path / "secret.py")
    assert [finding.rule for finding in found(repository)] == ["broken-link"]
