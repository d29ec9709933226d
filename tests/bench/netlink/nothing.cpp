// What any program of C++ costs: the measure of the others in this folder.
int main() { return 0; }
