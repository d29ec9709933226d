#!/usr/bin/env python3
"""The parts of tests/vm that need no machine. Speaks TAP, so that cases are counted."""
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
__file__ = str(Path(__file__).resolve())
sys.path.insert(0, str(Path(__file__).parent))
from lodger_vm import cache, copies, modules  # noqa: E402
from lodger_vm.archive import Archive, canonical  # noqa: E402
from lodger_vm.failure import Failure  # noqa: E402
from lodger_vm.jobs import Moves, jobs  # noqa: E402
from lodger_vm.streams import Console, Marked  # noqa: E402


class Streams(unittest.TestCase):
    def split(self, *pieces):
        data, marks = [], []
        stream = Marked('word', data.append, marks.append)
        for piece in pieces:
            stream.feed(piece)
        return b''.join(data), marks

    def test_marks_are_taken_out_of_the_data(self):
        self.assertEqual(self.split(b'a\0word end 3\nb'), (b'ab', [['end', '3']]))

    def test_a_mark_may_come_in_pieces(self):
        text = b'one\0word start\ntwo\0word end 0\n'
        self.assertEqual(self.split(*(text[i:i + 1] for i in range(len(text)))), (b'onetwo', [['start'], ['end', '0']]))

    def test_zero_bytes_of_a_command_are_data(self):
        self.assertEqual(self.split(b'\0wor', b'd\0', b'words\n', b'\0x'), (b'\0word\0words\n\0x', []))

    def test_the_console_keeps_the_last_lines_without_colours(self):
        console = Console(verbose=False)
        console.feed(''.join(f'\x1b[32m{i}\x1b[0m\r\n' for i in range(100)).encode())
        self.assertEqual(console.tail().splitlines()[-1], '  | 99')
        self.assertLessEqual(len(console.tail().splitlines()), Console.LINES)


class Files(unittest.TestCase):
    def setUp(self):
        self.room = tempfile.TemporaryDirectory()
        self.path = Path(self.room.name)

    def tearDown(self):
        self.room.cleanup()

    def test_an_archive_is_one_that_cpio_would_read(self):
        (self.path / 'file').write_bytes(b'12345')
        archive = Archive()
        archive.copy(self.path / 'file', 'a/deep/file')
        archive.link('a/link', 'deep/file')
        out = io.BytesIO()
        archive.write(out)
        listed = subprocess.run(['busybox', 'cpio', '-t'], input=out.getvalue(), stdout=subprocess.PIPE, check=True)
        self.assertEqual(listed.stdout.decode().split(), ['a', 'a/deep', 'a/deep/file', 'a/link'])
        self.assertIn(b'12345' + bytes(3) + b'070701', out.getvalue())

    def test_links_of_debian_into_usr_are_followed(self):
        self.assertEqual(canonical('/bin/sh'), 'usr/bin/sh')
        self.assertEqual(canonical('/binary'), 'binary')

    def test_a_copy_names_its_target(self):
        here = str(self.path)
        self.assertEqual(copies.parse(here), (here, here))
        self.assertEqual(copies.parse(f'{here}:/x'), (here, '/x'))
        self.assertEqual(copies.parse(f'{here}:/x/'), (here, f'/x/{self.path.name}'))
        self.assertEqual(copies.parse(f'{here}:/'), (here, '/'))
        for wrong in (f'{here}:x', f'{here}/absent'):
            self.assertRaises(ValueError, copies.parse, wrong)

    def test_the_libraries_of_a_program_come_along(self):
        archive = Archive()
        copies.add(archive, [('/usr/bin/env', '/there/env')], 'copies/', 'libs/')
        self.assertIn('copies/there/env', archive.entries)
        self.assertTrue([path for path in archive.entries if path.startswith('libs/usr/') and 'libc.so' in path])

    def test_a_failed_build_leaves_nothing_in_the_cache(self):
        os.environ['XDG_CACHE_HOME'] = str(self.path)
        self.assertRaises(ZeroDivisionError, cache.cached, 'thing', lambda folder: 1 / 0)
        self.assertEqual([path.name for path in cache.folder().iterdir()], ['thing.lock'])
        built = cache.cached('thing', lambda folder: (folder / 'part').touch())
        self.assertEqual([path.name for path in built.iterdir()], ['part'])


class Modules(unittest.TestCase):
    def test_a_signature_is_dropped(self):
        signed = b'code' + b'SIGNATURE' + bytes(8) + (9).to_bytes(4, 'big') + b'~Module signature appended~\n'
        self.assertEqual(modules.unsigned(signed), b'code')
        self.assertEqual(modules.unsigned(b'code'), b'code')


class Jobs(unittest.TestCase):
    LIST = """# what
all             unit-a
vm-v1,vm-v2     integration-b  [tag]  # and why
vm-v2           integration-b  *name*
vm-systemd      conformance-c  --filter linux-*
"""
    TESTS = [{'name': name, 'cmd': ['/x/' + name], 'env': {'KEY': 'value'}, 'timeout': 30, 'is_parallel': name != 'unit-a'}
             for name in ('unit-a', 'integration-b', 'conformance-c')]

    def of(self, lane, **more):
        return {job.name: job.command[1:] for job in jobs(self.LIST, lane, self.TESTS, **more)}

    def test_a_lane_gets_the_lines_that_name_it(self):
        self.assertEqual(self.of('vm-v1'), {'unit-a': [], 'integration-b': ['[tag]']})
        self.assertEqual(self.of('vm-v2'), {'unit-a': [], 'integration-b': ['[tag]'], 'integration-b.2': ['*name*']})

    def test_a_word_takes_the_place_of_what_the_list_narrows_to(self):
        self.assertEqual(self.of('vm-systemd', word='pids'), {'unit-a': ['*pids*'], 'conformance-c': ['--filter', '*pids*']})

    def test_a_test_that_meson_does_not_know_is_an_error(self):
        self.assertRaises(Failure, jobs, 'all unit-gone', 'vm-v2', self.TESTS)
        self.assertRaises(Failure, jobs, 'vm-v1 unit-a', 'vm-v2', self.TESTS)

    def test_only_what_is_not_parallel_runs_alone(self):
        self.assertEqual([job.alone for job in jobs(self.LIST, 'vm-v1', self.TESTS)], [True, False])

    def test_another_runtime_is_asked_for_by_its_variable(self):
        (job, _) = jobs(self.LIST, 'vm-v1', self.TESTS, runtime='/usr/sbin/runc')
        self.assertEqual(job.environment, {'KEY': 'value', 'LODGER': '/usr/sbin/runc'})

    def test_files_of_the_project_move_with_what_names_them(self):
        moves = Moves('/nowhere', Path(__file__).parent)
        self.assertEqual(moves(__file__), '/lodger/build/pieces_test.py')
        self.assertEqual(moves('/usr/bin/env'), '/usr/bin/env')
        self.assertEqual(moves('word'), 'word')
        self.assertEqual(moves.copies, {__file__: '/lodger/build/pieces_test.py'})


class Tap(unittest.TextTestResult):
    def addSuccess(self, test):
        super().addSuccess(test)
        self.say('ok', test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say('not ok', test)

    def addError(self, test, err):
        super().addError(test, err)
        self.say('not ok', test)

    def say(self, word, test):
        print(f'{word} {self.testsRun} - {test.id().partition(".")[2]}')


if __name__ == '__main__':
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])
    print(f'TAP version 13\n1..{suite.countTestCases()}', flush=True)
    sys.exit(not unittest.TextTestRunner(resultclass=Tap, verbosity=0).run(suite).wasSuccessful())
